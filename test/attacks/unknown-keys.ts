import { createSecret } from '../../src/directory/secret.ts';
import type { Attack } from './attack.ts';
import { flood } from './flood.ts';

const makeRequest = () => ({
  method: 'GET',
  path: '/v1/api-keys/self',
  headers: { authorization: `Bearer ${createSecret('server')}` },
});

/** Guesses well-formed keys as fast as the server refuses them. */
export const unknownKeys: Attack = {
  name: 'unknown keys',
  async run({ url }, signal) {
    // A refused connection must not become a loop without a pause.
    const pauseAfter = (answer: string) => (answer === 'closed' ? 100 : 0);
    return `unknown keys: ${await flood(url, signal, { connections: 100, makeRequest, pauseAfter })}`;
  },
};
