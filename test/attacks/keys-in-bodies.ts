import { createSecret } from '../../src/directory/secret.ts';
import type { Attack } from './attack.ts';
import { flood } from './flood.ts';

const CONNECTIONS = 1_000;
const BODY_BYTES = 4_900_000;
/** Real SDKs wait for minutes. At full speed, copying the bodies takes all of the memory bus that attacker and server share. */
const RETRY_MS = 5_000;

/** A batch whose key comes last, so that all of it must be read before the key is known to be wrong. */
const EVENT = `{"event":"Order Completed","distinct_id":"user_1","properties":{"note":"${'x'.repeat(4_800)}"}},`;
const START = Buffer.from(`{"batch":[${EVENT.repeat(Math.floor(BODY_BYTES / EVENT.length))}{}],"api_key":"`);

function makeRequest() {
  const end = `${createSecret('client')}"}`;
  const headers = { 'content-type': 'application/json', 'content-length': START.length + end.length };
  return { method: 'POST', path: '/batch', headers, body: [START, end] };
}

/** Large batches of other vendors' SDKs, with a key in the body that does not exist. */
export const keysInBodies: Attack = {
  name: 'wrong keys in bodies',
  async run({ url }, signal) {
    const pauseAfter = (answer: string) => (answer === '401' ? 0 : RETRY_MS);
    const answers = await flood(url, signal, { connections: CONNECTIONS, makeRequest, pauseAfter });
    return `wrong keys in bodies of 4.9 MB, ${CONNECTIONS} connections: ${answers}`;
  },
};
