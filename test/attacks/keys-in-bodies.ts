import { Agent, request } from 'node:http';
import { createSecret } from '../../src/directory/secret.ts';
import type { Attack } from './attack.ts';

const CONNECTIONS = 1_000;
const BODY_BYTES = 4_900_000;
/** Real SDKs wait for minutes. At full speed, copying the bodies takes all of the memory bus that attacker and server share. */
const RETRY_MS = 5_000;

/** A batch whose key comes last, so that all of it must be read before the key is known to be wrong. */
const EVENT = `{"event":"Order Completed","distinct_id":"user_1","properties":{"note":"${'x'.repeat(4_800)}"}},`;
const START = Buffer.from(`{"batch":[${EVENT.repeat(Math.floor(BODY_BYTES / EVENT.length))}{}],"api_key":"`);

/** Sends a whole batch with a well-formed key that does not exist. Resolves with the status, or `closed`. */
function sendBatch(url: string, agent: Agent, signal: AbortSignal): Promise<string> {
  const end = `${createSecret('client')}"}`;
  const headers = { 'content-type': 'application/json', 'content-length': START.length + end.length };
  return new Promise((resolve) => {
    const sent = request(`${url}/batch`, { method: 'POST', agent, headers, signal }, (answer) => {
      answer.resume();
      answer.on('close', () => resolve(String(answer.statusCode)));
    });
    sent.on('error', () => resolve('closed'));
    sent.write(START);
    sent.end(end);
  });
}

/** Large batches of other vendors' SDKs, whose key is in the body and does not exist. */
export const keysInBodies: Attack = {
  name: 'wrong keys in bodies',
  async run({ url }, signal) {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const answers = new Map<string, number>();
    const send = async () => {
      while (!signal.aborted) {
        const answer = await sendBatch(url, agent, signal);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        if (answer !== '401') await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, send));
    agent.destroy();
    return `wrong keys in bodies of 4.9 MB, ${CONNECTIONS} connections: ${[...answers].map(([answer, count]) => `${count} x ${answer}`).join(', ')}`;
  },
};
