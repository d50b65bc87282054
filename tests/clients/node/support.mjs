import assert from 'node:assert/strict';
import { z } from 'zod';

export const API_KEY = process.env.CLIENT_API_KEY;
export const PICTURE = process.env.PICTURE;
export const MODEL = 'glm-5.3';
export const SEEING = 'glm-5.3-flash';
export const HELLO = '[SIMULATOR] Hello to you!';
export const IN_PARIS = '[SIMULATOR] In Paris: 21 degrees';
export const NO_BALANCE = 'simulate error 1113';
export const EVENT = { name: 'Science fair', date: 'Friday', participants: ['Alice', 'Bob'] };

export const City = z.object({ city: z.string() });
export const Event = z.object({
  name: z.string(),
  date: z.string(),
  participants: z.array(z.string()),
});

export const weatherIn = ({ city }) => ({ Paris: '21 degrees', Rome: '29 degrees' })[city];

// Gives the error that a promise is rejected with, checked against what it must have.
export async function rejection(promise, wanted) {
  const error = await promise.then(
    () => assert.fail('it went well'),
    (reason) => reason,
  );
  for (const [key, value] of Object.entries(wanted)) {
    if (value instanceof RegExp) assert.match(error[key], value);
    else assert.equal(error[key], value);
  }
  return error;
}
