import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '../support/harness.ts';

const { url, project } = await startTestServer();
const MEGABYTE = 1024 * 1024;

function post(body: RequestInit['body']): Promise<Response> {
  return fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${project.server_key}`, 'content-type': 'application/json' },
    body,
    duplex: 'half',
  } as RequestInit);
}

// Regression test: three of ten uploads failed with a reset, because the server closed the connection while the
// client was still sending.
for (const megabytes of [6, 30]) {
  test(`always returns a readable 413 to a client that sends ${megabytes} MB`, async () => {
    for (let round = 0; round < 10; round += 1) {
      const response = await post(Buffer.alloc(megabytes * MEGABYTE, ' '));
      assert.equal(response.status, 413);
      assert.equal(((await response.json()) as { code: string }).code, 'payload_too_large');
    }
  });
}

test('always returns a readable 413 to a client that sends 13 MB in chunks', async () => {
  for (let round = 0; round < 10; round += 1) {
    const chunks = ReadableStream.from(Array.from({ length: 13 }, () => new Uint8Array(MEGABYTE).fill(32)));
    assert.equal((await post(chunks)).status, 413);
  }
});
