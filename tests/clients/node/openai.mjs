// The openai SDK for Node.js.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod';
import {
  API_KEY, City, EVENT, Event, HELLO, IN_PARIS, MODEL, NO_BALANCE, PICTURE, SEEING, rejection,
  weatherIn,
} from './support.mjs';

const WEATHER = zodResponsesFunction({ name: 'get_weather', parameters: City });
const connect = (baseURL) => new OpenAI({ baseURL, apiKey: API_KEY, maxRetries: 0 });
const says = (content) => [{ role: 'user', content }];

const outputs = (response) => [
  ...response.output,
  ...response.output.flatMap((item) =>
    item.type === 'function_call'
      ? { type: 'function_call_output', call_id: item.call_id, output: weatherIn(JSON.parse(item.arguments)) }
      : []),
];

async function typesOf(stream) {
  const types = [];
  for await (const event of stream) types.push(event.type);
  return types;
}

export const features = {
  async text(base) {
    const response = await connect(base).responses.create({ model: MODEL, input: 'hello' });
    assert.equal(response.output_text, HELLO);
    assert.equal(response.status, 'completed');
  },

  async 'text, streamed'(base) {
    const stream = connect(base).responses.stream({ model: MODEL, input: 'hello' });
    const types = await typesOf(stream);
    assert.equal(types[0], 'response.created');
    assert.equal(types.at(-1), 'response.completed');
    assert.equal((await stream.finalResponse()).output_text, HELLO);
  },

  async 'tool loop'(base) {
    const client = connect(base);
    const input = says('weather in Paris');
    const first = await client.responses.create({ model: MODEL, input, tools: [WEATHER] });
    input.push(...outputs(first));
    const last = await client.responses.create({ model: MODEL, input, tools: [WEATHER] });
    assert.equal(last.output_text, IN_PARIS);
  },

  async 'tool loop, streamed'(base) {
    const client = connect(base);
    const input = says('weather in Paris');
    const ask = () => client.responses.stream({ model: MODEL, input, tools: [WEATHER] }).finalResponse();
    const first = await ask();
    const call = first.output.find((item) => item.type === 'function_call');
    assert.deepEqual(call.parsed_arguments, { city: 'Paris' });
    input.push(...outputs(first));
    assert.equal((await ask()).output_text, IN_PARIS);
  },

  async 'web search'(base) {
    const client = connect(base);
    const tools = [{ type: 'web_search' }];
    const input = says('search for the newest release');
    const first = await client.responses.stream({ model: MODEL, input, tools }).finalResponse();
    assert.ok(first.output.some((item) => item.type === 'web_search_call'));
    input.push(...first.output, ...says('again'));
    await client.responses.create({ model: MODEL, input, tools });
  },

  async 'two calls in one reply'(base) {
    const client = connect(base);
    const input = says('both Paris and Rome');
    const first = await client.responses.create({ model: MODEL, input, tools: [WEATHER] });
    assert.equal(first.output.filter((item) => item.type === 'function_call').length, 2);
    input.push(...outputs(first));
    const last = await client.responses.create({ model: MODEL, input, tools: [WEATHER] });
    assert.equal(last.output_text, '[SIMULATOR] The last one: 29 degrees');
  },

  async 'one call at a time'(base) {
    const response = await connect(base).responses.create({
      model: MODEL, input: 'both Paris and Rome', tools: [WEATHER], parallel_tool_calls: false,
    });
    assert.equal(response.output.filter((item) => item.type === 'function_call').length, 1);
  },

  async 'choice of tools'(base) {
    const tool_choice = { type: 'function', name: 'get_weather' };
    await connect(base).responses.create({ model: MODEL, input: 'hello', tools: [WEATHER], tool_choice });
  },

  async 'structured output'(base) {
    const text = { format: zodTextFormat(Event, 'event') };
    const response = await connect(base).responses.parse({ model: MODEL, input: 'event', text });
    assert.deepEqual(response.output_parsed, EVENT);
  },

  async 'structured output, streamed'(base) {
    const text = { format: zodTextFormat(Event, 'event') };
    const stream = connect(base).responses.stream({ model: MODEL, input: 'event', text });
    assert.deepEqual((await stream.finalResponse()).output_parsed, EVENT);
  },

  async image(base) {
    const content = [
      { type: 'input_text', text: 'picture' },
      { type: 'input_image', image_url: PICTURE, detail: 'auto' },
    ];
    await connect(base).responses.create({ model: SEEING, input: says(content) });
  },

  async 'thinking, shown and passed back'(base) {
    const client = connect(base);
    const input = says('hello');
    const first = await client.responses.create({ model: MODEL, input });
    const thought = first.output.find((item) => item.type === 'reasoning').summary[0].text;
    assert.equal(thought, 'A greeting. I greet back.');
    input.push(...first.output, ...says('again'));
    await client.responses.create({ model: MODEL, input });
    return thought;
  },

  async 'too few tokens'(base) {
    const turn = { model: MODEL, input: 'hello', max_output_tokens: 10 };
    const response = await connect(base).responses.create(turn);
    assert.equal(response.status, 'incomplete');
    assert.equal(response.incomplete_details.reason, 'max_output_tokens');
    const types = await typesOf(await connect(base).responses.create({ ...turn, stream: true }));
    assert.equal(types.at(-1), 'response.incomplete');
  },

  async usage(base) {
    const { usage } = await connect(base).responses.create({ model: MODEL, input: 'hello' });
    assert.equal(usage.input_tokens + usage.output_tokens, usage.total_tokens);
    assert.ok(usage.output_tokens_details.reasoning_tokens > 0);
  },

  async 'GLM fails'(base) {
    const asked = connect(base).responses.create({ model: MODEL, input: NO_BALANCE });
    const error = await rejection(asked, { status: 429, type: 'insufficient_quota', message: /Top up/ });
    assert.ok(error instanceof OpenAI.RateLimitError);
  },

  async 'GLM fails, streamed'(base) {
    for (const input of [NO_BALANCE, 'simulate sensitive']) {
      const stream = connect(base).responses.stream({ model: MODEL, input });
      assert.equal((await typesOf(stream)).at(-1), 'response.failed');
      assert.ok((await stream.finalResponse()).error.message);
    }
  },

  async 'list of models'(base) {
    const client = connect(base);
    const names = [];
    for await (const model of await client.models.list()) names.push(model.id);
    assert.ok(names.includes(MODEL));
    assert.equal((await client.models.retrieve(MODEL)).id, MODEL);
    await rejection(client.models.retrieve('gpt-5'), { status: 404, code: 'model_not_found' });
  },

  async 'the model that answered is named'(base) {
    assert.equal((await connect(base).responses.create({ model: 'gpt-5', input: 'hello' })).model, MODEL);
  },

  async 'state is refused'(base) {
    const { responses } = connect(base);
    const states = [
      { previous_response_id: 'resp_1' }, { conversation: 'conv_1' }, { prompt: { id: 'p' } },
      { background: true }, { input: [{ type: 'item_reference', id: 'msg_1' }] },
    ];
    for (const state of states) {
      const asked = responses.create({ model: MODEL, input: 'hello', ...state });
      await rejection(asked, { status: 400, code: 'unsupported_parameter' });
    }
  },

  async 'nothing is stored, and that is said'(base) {
    const { responses } = connect(base);
    const refused = { status: 404, message: /nothing is stored/ };
    await rejection(responses.retrieve('resp_1'), refused);
    await rejection(responses.delete('resp_1'), refused);
    await rejection(responses.cancel('resp_1'), refused);
    await rejection(responses.inputItems.list('resp_1'), refused);
    assert.equal((await responses.create({ model: MODEL, input: 'hello', store: true })).store, false);
  },

  async 'what there is not'(base) {
    const client = connect(base);
    const turn = { model: MODEL, input: 'hello' };
    await rejection(client.responses.inputTokens.count(turn), { status: 404, message: /usage/ });
    const messages = [{ role: 'user', content: 'hello' }];
    const chat = client.chat.completions.create({ model: MODEL, messages });
    await rejection(chat, { status: 404, message: /Served are/ });
    await rejection(client.responses.create({ ...turn, tool_choice: 'x' }), { code: 'invalid_value' });
  },
};
