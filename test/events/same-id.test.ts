import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeKey, startTestServer } from '../support/harness.ts';

const server = await startTestServer();
const { call, project } = server;
const serverKey = project.server_key;
const appA = project.app_id;
const { body: other } = await call('POST', '/v1/apps', {
  key: serverKey,
  body: { name: 'B', platform: 'ios' },
});
const appB: string = other.id;
const clientKey = (await makeKey(server, { type: 'client', app_ids: [appA] })).key;

const TIMESTAMP = '2026-11-20T12:00:00.000Z';

/** Sends events with these ids and returns the counts of the answer. */
async function send(key: string, appId: string, ...ids: string[]) {
  const events = ids.map((event_id) => ({
    event_id,
    event_name: 'purchase',
    app_user_id: 'u1',
    timestamp: TIMESTAMP,
  }));
  const { status, body } = await call('POST', '/v1/events', { key, body: { app_id: appId, events } });
  assert.equal(status, 200, JSON.stringify(body));
  return [body.accepted, body.duplicates];
}

test("an event of a client key never makes a server's event a duplicate, in any app", async () => {
  assert.deepEqual(await send(clientKey, appA, 'order-1'), [1, 0]);
  assert.deepEqual(await send(serverKey, appB, 'order-1'), [1, 0], 'the purchase is stored');
  assert.deepEqual(await send(serverKey, appA, 'order-1'), [1, 0]);
  assert.deepEqual(await send(serverKey, appA, 'order-1', 'order-1'), [0, 2], 'a retry counts once');
  assert.deepEqual(await send(serverKey, appB, 'order-1'), [0, 1]);
  assert.deepEqual(await send(clientKey, appA, 'order-1'), [0, 1]);
});

test('a client key cannot learn which ids a server or another app has sent', async () => {
  await send(serverKey, appA, 'secret-a');
  await send(serverKey, appB, 'secret-b');
  assert.deepEqual(await send(clientKey, appA, 'secret-a', 'secret-b', 'never-sent'), [3, 0]);
});

test('pages contain each of the events that share an id and a time, once', async () => {
  for (const [key, app] of [
    [clientKey, appA],
    [serverKey, appA],
    [serverKey, appB],
  ] as const)
    await send(key, app, 'shared-1', 'shared-2');
  const found: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = `limit=1${cursor && `&cursor=${cursor}`}`;
    const { body } = await call('GET', `/v1/events?from=${TIMESTAMP}&${page}`, { key: serverKey });
    for (const { event_id, app_id } of body.data) found.push(`${event_id} ${app_id}`);
    cursor = body.next_cursor;
  }
  const shared = found.filter((one) => one.startsWith('shared'));
  assert.equal(shared.length, 6, shared.join('\n'));
  assert.equal(
    new Set(shared).size,
    4,
    'client and server events of one app differ in the kind of key alone',
  );
});
