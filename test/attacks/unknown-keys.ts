import { Agent, request } from 'node:http';
import { createSecret } from '../../src/directory/secret.ts';
import type { Attack } from './attack.ts';

const CONNECTIONS = 100;

/** Sends a request with a well-formed key that does not exist. Resolves with the status, or `closed`. */
function tryKey(url: string, agent: Agent, signal: AbortSignal): Promise<string> {
  const headers = { authorization: `Bearer ${createSecret('server')}` };
  return new Promise((resolve) => {
    const sent = request(`${url}/v1/api-keys/self`, { agent, headers, signal }, (answer) => {
      answer.resume();
      answer.on('close', () => resolve(String(answer.statusCode)));
    });
    sent.on('error', () => resolve('closed'));
    sent.end();
  });
}

/** Guesses keys as fast as the server refuses them. */
export const unknownKeys: Attack = {
  name: 'unknown keys',
  async run({ url }, signal) {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const answers = new Map<string, number>();
    const guess = async () => {
      while (!signal.aborted) {
        const answer = await tryKey(url, agent, signal);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        // A refused connection must not become a loop without a pause.
        if (answer === 'closed') await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, guess));
    agent.destroy();
    return `unknown keys: ${[...answers].map(([answer, count]) => `${count} x ${answer}`).join(', ')}`;
  },
};
