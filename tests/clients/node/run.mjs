// Shows the features of one client: node run.mjs CLIENT BASE_URL
// Says their names first. Then each line of the input names one, and each line of the output is
// what the test wants to know of it (`told`), or why it failed (`failed`); all as JSON.
import { createInterface } from 'node:readline';

const [client, base] = process.argv.slice(2);
const { features } = await import(`./${client}.mjs`);
const say = (value) => console.log(JSON.stringify(value));

say(Object.keys(features));
for await (const feature of createInterface({ input: process.stdin })) {
  try {
    say({ told: (await features[feature](base)) ?? null });
  } catch (error) {
    say({ failed: error.stack ?? String(error) });
  }
}
