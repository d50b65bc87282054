// The AI SDK with its OpenAI provider. Loops need `store: false`: else it sends references to items.
import assert from 'node:assert/strict';
import { createOpenAI } from '@ai-sdk/openai';
import { Output, generateText, stepCountIs, streamText, tool } from 'ai';
import {
  API_KEY, City, EVENT, Event, HELLO, IN_PARIS, MODEL, NO_BALANCE, PICTURE, SEEING, rejection,
  weatherIn,
} from './support.mjs';

const STATELESS = { openai: { store: false } };
const tools = {
  get_weather: tool({ description: 'Tells the weather.', inputSchema: City, execute: weatherIn }),
};

// Gives what every call of a base shares.
function turn(baseURL, prompt, more = {}) {
  const provider = createOpenAI({ baseURL, apiKey: API_KEY });
  const { model = MODEL, ...settings } = more;
  return {
    model: provider.responses(model), prompt, maxRetries: 0, providerOptions: STATELESS,
    stopWhen: stepCountIs(5), onError() {}, ...settings,
  };
}

async function partsOf(stream) {
  const parts = [];
  for await (const part of stream.fullStream) parts.push(part);
  return parts;
}

export const features = {
  async text(base) {
    const { text, finishReason, warnings } = await generateText(turn(base, 'hello', { system: 'Be kind.' }));
    assert.deepEqual([text, finishReason, warnings], [HELLO, 'stop', []]);
  },

  async 'text, streamed'(base) {
    const stream = streamText(turn(base, 'hello'));
    const parts = await partsOf(stream);
    assert.ok(parts.filter((part) => part.type === 'text-delta').length > 1);
    assert.equal(await stream.text, HELLO);
  },

  async 'tool loop'(base) {
    const result = await generateText(turn(base, 'weather in Paris', { tools }));
    assert.equal(result.text, IN_PARIS);
    assert.equal(result.steps.length, 2);
  },

  async 'tool loop, streamed'(base) {
    const stream = streamText(turn(base, 'weather in Paris', { tools }));
    const types = (await partsOf(stream)).map((part) => part.type);
    assert.ok(types.includes('tool-input-delta'));
    assert.equal(await stream.text, IN_PARIS);
  },

  async 'web search'(base) {
    const searching = { tools: { web_search: createOpenAI().tools.webSearch({}) } };
    const messages = [{ role: 'user', content: 'search for the newest release' }];
    const first = await generateText(turn(base, undefined, { messages, ...searching }));
    assert.equal(first.toolResults.length, 1);
    messages.push(...first.response.messages, { role: 'user', content: 'again' });
    await generateText(turn(base, undefined, { messages, ...searching }));
  },

  async 'two calls in one reply'(base) {
    const result = await generateText(turn(base, 'both Paris and Rome', { tools }));
    assert.equal(result.steps[0].toolCalls.length, 2);
    assert.equal(result.text, '[SIMULATOR] The last one: 29 degrees');
  },

  async 'one call at a time'(base) {
    const providerOptions = { openai: { store: false, parallelToolCalls: false } };
    const result = await generateText(turn(base, 'both Paris and Rome', { tools, providerOptions }));
    assert.equal(result.steps[0].toolCalls.length, 1);
  },

  async 'choice of tools'(base) {
    const toolChoice = { type: 'tool', toolName: 'get_weather' };
    await generateText(turn(base, 'weather in Paris', { tools, toolChoice, stopWhen: stepCountIs(1) }));
  },

  async 'structured output'(base) {
    const output = Output.object({ schema: Event });
    assert.deepEqual((await generateText(turn(base, 'event', { output }))).output, EVENT);
  },

  async 'structured output, streamed'(base) {
    const stream = streamText(turn(base, 'event', { output: Output.object({ schema: Event }) }));
    let last;
    for await (const partial of stream.partialOutputStream) last = partial;
    assert.deepEqual(last, EVENT);
  },

  async image(base) {
    const content = [{ type: 'text', text: 'picture' }, { type: 'image', image: PICTURE }];
    const messages = [{ role: 'user', content }];
    await generateText(turn(base, undefined, { model: SEEING, messages }));
  },

  async 'thinking, shown and passed back'(base) {
    const messages = [{ role: 'user', content: 'hello' }];
    const first = await generateText(turn(base, undefined, { messages }));
    assert.equal(first.reasoningText, 'A greeting. I greet back.');
    messages.push(...first.response.messages, { role: 'user', content: 'again' });
    await generateText(turn(base, undefined, { messages }));
    return first.reasoningText;
  },

  async 'too few tokens'(base) {
    const { finishReason } = await generateText(turn(base, 'hello', { maxOutputTokens: 10 }));
    assert.equal(finishReason, 'length');
    const parts = await partsOf(streamText(turn(base, 'simulate length')));
    assert.equal(parts.at(-1).finishReason, 'length');
  },

  async usage(base) {
    const { usage } = await generateText(turn(base, 'hello'));
    assert.equal(usage.inputTokens + usage.outputTokens, usage.totalTokens);
    assert.ok(usage.outputTokenDetails.reasoningTokens > 0);
  },

  async 'GLM fails'(base) {
    await rejection(generateText(turn(base, NO_BALANCE)), { statusCode: 429, message: /Top up/ });
  },

  async 'GLM fails, streamed'(base) {
    const early = await partsOf(streamText(turn(base, NO_BALANCE)));
    assert.match(early.find((part) => part.type === 'error').error.message, /Top up/);
    const late = await partsOf(streamText(turn(base, 'simulate sensitive')));
    assert.match(late.find((part) => part.type === 'error').error.message, /content filter/);
    assert.equal(late.at(-1).finishReason, 'error');
  },

  async 'the model that answered is named'(base) {
    const { response } = await generateText(turn(base, 'hello', { model: 'gpt-5' }));
    assert.equal(response.modelId, MODEL);
  },

  async 'state is refused'(base) {
    const providerOptions = { openai: { previousResponseId: 'resp_1' } };
    const asked = generateText(turn(base, 'hello', { providerOptions }));
    await rejection(asked, { statusCode: 400, message: /send the whole input again/ });
  },

  // Its default is to store, and to send references from the second step on.
  async 'nothing is stored, and that is said'(base) {
    const asked = generateText(turn(base, 'weather in Paris', { tools, providerOptions: {} }));
    await rejection(asked, { statusCode: 400, message: /set the provider option store to false/ });
  },
};
