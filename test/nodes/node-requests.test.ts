import assert from 'node:assert/strict';
import { it } from 'node:test';
import { deriveKey } from '../../src/directory/secret.ts';
import { newUlid } from '../../src/lib/id.ts';
import { APPEND_PATH } from '../../src/server/nodes/node-listener.ts';
import { hashBody, signRequest } from '../../src/server/nodes/signature.ts';
import { encodeRows } from '../../src/warehouse/rows/encode-rows.ts';
import { makeCluster } from '../support/nodes.ts';
import { eventRow } from '../support/warehouse-store.ts';

const cluster = await makeCluster();
const { server_key: key, project_id, app_id } = cluster.project;
const node = await cluster.start();
const other = await cluster.start();
const { APPFLOW_SECRET = '' } = cluster.env;

const { holder, nodeUrl } = await cluster.findOwner();
assert.equal(nodeUrl, node.nodeUrl);

const now = Date.now();
const rowOf = (event_id: string) => eventRow({ event_id, project_id, app_id, timestamp: now });
const bytesOf = (event_id: string) => encodeRows([rowOf(event_id)]).bytes;

/** Sends rows as a node does, with parts of the request replaced. */
async function send(
  id: string,
  {
    secret = APPFLOW_SECRET,
    path = APPEND_PATH,
    aheadMs = 0,
    body = bytesOf(id),
    to = node,
    headers = {},
  } = {},
): Promise<{ status: number; text: string; sent: Record<string, string> }> {
  const request = { method: 'POST', path, holder, bodyHash: hashBody(bytesOf(id)) };
  const signature = signRequest(deriveKey(secret, 'nodes'), request, { now: () => Date.now() + aheadMs });
  const sent = { ...signature, ...headers };
  const answer = await fetch(`${to.nodeUrl}${path}`, { method: 'POST', headers: sent, body });
  return { status: answer.status, text: await answer.text(), sent };
}

async function countEvents(): Promise<number> {
  const { body } = await other.call('GET', '/v1/events?limit=100', { key });
  return body.data.length;
}

it('stores rows of a request that another node has signed, and says for each whether it is new', async () => {
  assert.deepEqual((await send('one')).text, '1');
  assert.deepEqual((await send('one')).text, '0');
  assert.equal(await countEvents(), 1);
});

it('refuses requests that are forged, stale, replayed or changed, and stores nothing of them', async () => {
  const before = await countEvents();
  const first = await send('two');
  assert.equal(first.status, 200);
  assert.equal((await send('two', { headers: first.sent })).status, 401, 'replayed');
  assert.equal((await send('three', { secret: newUlid().repeat(2) })).status, 401, 'forged');
  assert.equal((await send('three', { aheadMs: -61_000 })).status, 401, 'stale');
  assert.equal((await send('three', { aheadMs: 61_000 })).status, 401, 'from the future');
  assert.equal((await send('three', { body: bytesOf('four') })).status, 401, 'another body');
  assert.equal((await send('three', { path: '/append/other' })).status, 404, 'another layout of rows');
  assert.equal(
    (await fetch(`${node.nodeUrl}${APPEND_PATH}`, { method: 'POST', body: bytesOf('five') })).status,
    401,
  );
  assert.equal((await fetch(`${node.nodeUrl}/feed`)).status, 401);
  assert.equal(await countEvents(), before + 1);
});

it('refuses requests to a node that does not store events', async () => {
  const before = await countEvents();
  assert.equal((await send('six', { to: other })).status, 409);
  // The sender sees the answer although the body is not used.
  assert.equal((await send('six', { to: other, body: Buffer.alloc(33_000_000) })).status, 409);
  assert.equal(await countEvents(), before);
});

it('refuses rows of a person who was erased, from a node that does not know it yet', async () => {
  const before = await countEvents();
  const erased = await node.call('DELETE', `/v1/users/${rowOf('').app_user_id}`, { key });
  assert.equal(erased.status, 200, erased.text);
  assert.ok((await countEvents()) < before);
  const answer = await send('seven');
  assert.deepEqual([answer.status, answer.text], [200, 'e']);
  assert.equal(await countEvents(), 0);
});
