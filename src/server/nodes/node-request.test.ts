import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { systemClock } from '../../lib/clock.ts';
import { createNodeClient } from './node-request.ts';
import { ANSWER_HEADER, type SignatureHeaders, signAnswer } from './signature.ts';

const key = createSecretKey(Buffer.alloc(32, 1));
const client = createNodeClient(key, systemClock());
cleanUp(client.close);

type Answer = { text: string; signature?: (headers: SignatureHeaders) => string };

/** Returns what the client says of an answer. */
async function receive({ text, signature }: Answer): Promise<{ body: string; isSigned: boolean }> {
  const server = createServer((request, response) => {
    if (signature) response.setHeader(ANSWER_HEADER, signature(request.headers as SignatureHeaders));
    response.end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { body, isSigned } = await client.post(
    { address, holder: 'node_1' },
    '/append',
    Buffer.from('rows'),
    5_000,
  );
  server.close();
  server.closeAllConnections();
  return { body, isSigned };
}

it('knows an answer of a node with the same secret from one of anyone else, to another request, or changed', async () => {
  const answer = (by = key, text = '11') => ({
    text: '11',
    signature: (headers: SignatureHeaders) => signAnswer(by, headers, text),
  });
  assert.deepEqual(await receive(answer()), { body: '11', isSigned: true });
  const foreign = createSecretKey(Buffer.alloc(32, 2));
  const another = (headers: SignatureHeaders) =>
    signAnswer(key, { ...headers, 'appflow-node-nonce': 'other' }, '11');
  for (const refused of [
    { text: '11' },
    answer(foreign),
    answer(key, '10'),
    { text: '11', signature: another },
  ])
    assert.deepEqual(await receive(refused), { body: '11', isSigned: false });
});
