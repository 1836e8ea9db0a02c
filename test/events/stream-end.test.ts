import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { idsOf, startStreamServer } from './stream-server.ts';

const { clock, mine, open, openStalled, send, makeEvent, makeKey, manage, stop, untilOpen } =
  await startStreamServer();
const { app_id } = mine;

const ENDINGS: [
  what: string,
  code: string,
  change: (key: { id: string; key: string }) => Promise<unknown>,
][] = [
  ['is revoked', 'api_key_revoked', ({ id }) => manage('DELETE', `/v1/api-keys/${id}`)],
  ['is disabled', 'api_key_disabled', ({ id }) => manage('PATCH', `/v1/api-keys/${id}`, { disabled: true })],
  ['expires', 'api_key_expired', async () => clock.advance(MINUTE_MS)],
  [
    'loses the scope',
    'insufficient_scope',
    ({ id }) => manage('PATCH', `/v1/api-keys/${id}`, { scopes: ['analytics:read'] }),
  ],
  [
    'is narrowed to an app',
    'app_not_allowed',
    ({ id }) => manage('PATCH', `/v1/api-keys/${id}`, { app_ids: [app_id] }),
  ],
  [
    'is narrowed to other addresses',
    'ip_not_allowed',
    ({ id }) => manage('PATCH', `/v1/api-keys/${id}`, { ip_allowlist: ['203.0.113.1'] }),
  ],
];

describe('a stream whose key', () => {
  for (const [what, code, change] of ENDINGS) {
    it(`${what} ends within a second, says why, and sends no later event`, async () => {
      const key = await makeKey({ expires_at: new Date(clock.now() + MINUTE_MS).toISOString() });
      const reader = await open({}, key.key);
      await send([makeEvent()]);
      await reader.events(1);
      await change(key);
      const changedAt = performance.now();
      await send([makeEvent()]);
      const message = await reader.next();
      assert.deepEqual([message?.event, message?.data], ['closed', { code }]);
      assert.ok(performance.now() - changedAt < 1_000);
      assert.equal(await reader.next(), undefined);
      await untilOpen(0);
    });
  }

  it('is revoked ends within a second even without events', async () => {
    const key = await makeKey();
    const reader = await open({}, key.key);
    const message = reader.next();
    await manage('DELETE', `/v1/api-keys/${key.id}`);
    const revokedAt = performance.now();
    assert.deepEqual((await message)?.data, { code: 'api_key_revoked' });
    assert.ok(performance.now() - revokedAt < 1_000);
    assert.equal(await reader.next(), undefined);
  });
});

describe('a stalled reader', () => {
  /** About 40 MB: more than the sockets and the live buffer can hold. */
  async function flood(): Promise<number> {
    const filling = 'x'.repeat(20_000);
    for (let batch = 0; batch < 10; batch += 1) {
      await send(Array.from({ length: 200 }, () => makeEvent({ properties: { filling } })));
    }
    return 2_000;
  }

  it('gets the number of events it missed, and can resume after the gap', async () => {
    await untilOpen(0);
    const { key } = await makeKey();
    const stalled = await openStalled(key);
    const count = await flood();
    const text = await stalled.drain();
    const sent = text.split('event: event\n').length - 1;
    const [, id = '', missed = ''] = /id: (\S+)\nevent: gap\ndata: \{"missed":(\d+)\}/.exec(text) ?? [];
    assert.ok(Number(missed) > 0, 'a gap message was sent');
    assert.equal(sent + Number(missed), count);
    await untilOpen(0);
    const next = makeEvent();
    const reader = await open({ lastEventId: id }, key);
    await send([next]);
    assert.deepEqual(idsOf(await reader.events(1)), [next.event_id]);
  });

  it('is disconnected within a second when its key is revoked', async () => {
    const key = await makeKey();
    const stalled = await openStalled(key.key);
    await flood();
    await manage('DELETE', `/v1/api-keys/${key.id}`);
    const revokedAt = performance.now();
    await untilOpen(0);
    assert.ok(performance.now() - revokedAt < 1_000);
    assert.ok(!(await stalled.drain()).includes('event: closed'));
  });
});

describe('stopping the server', () => {
  it('ends open streams immediately with a closed message', async () => {
    const reader = await open();
    await send([makeEvent()]);
    await reader.events(1);
    const startedAt = performance.now();
    await stop();
    const message = await reader.next();
    assert.deepEqual([message?.event, message?.data], ['closed', { code: 'overloaded' }]);
    assert.equal(await reader.next(), undefined);
    assert.ok(performance.now() - startedAt < 2_000, 'streams do not delay the stop');
  });
});
