import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { STALLED_MS } from '../../src/http/connections/limits.ts';
import { revokeKey } from '../../src/keys/revoke.ts';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { LOOP_SHARE_MS } from '../../src/limits/loop-share.ts';
import { type CreatedKey, endlessRoute, startExportServer, tick } from './export-server.ts';

/** Resolves when the stream is closed. */
let flood = Promise.withResolvers<number>();
let poured = 0;

async function* pour(): AsyncGenerator<string> {
  const line = `${' '.repeat(64 * 1024)}\n`;
  try {
    for (;;) {
      poured += 1;
      yield line;
    }
  } finally {
    flood.resolve(performance.now());
  }
}

/** The turns of the event loop so far, while `countTurns` runs, and those in which a chunk was ready. */
let turn = 0;
const chunkTurns: number[] = [];

async function* work(): AsyncGenerator<string> {
  for (let chunk = 0; chunk < 10; chunk += 1) {
    const end = performance.now() + LOOP_SHARE_MS;
    while (performance.now() < end) {}
    chunkTurns.push(turn);
    yield '{}\n';
  }
}

const twoApps: string[] = [];
const routes = [
  endlessRoute('/v1/ticks', tick),
  endlessRoute('/v1/flood', pour),
  endlessRoute('/v1/work', work),
  endlessRoute('/v1/two-apps', tick, twoApps),
];
const { api, app_id, clock, elsewhere, makeReader, manage, read, server_key } =
  await startExportServer(routes);
twoApps.push(app_id);

const CHANGES: [what: string, change: (key: CreatedKey) => Promise<unknown>][] = [
  ['its key is revoked', ({ id }) => manage('DELETE', `/v1/api-keys/${id}`)],
  [
    'its allowed addresses change',
    ({ id }) => manage('PATCH', `/v1/api-keys/${id}`, { ip_allowlist: ['203.0.113.1'] }),
  ],
  ['its key expires', async () => clock.advance(MINUTE_MS)],
  ['its key is disabled', ({ id }) => manage('PATCH', `/v1/api-keys/${id}`, { disabled: true })],
  [
    'the grace period of its secret expires',
    async ({ id }) => {
      await manage('POST', `/v1/api-keys/${id}/rotate`, { grace_seconds: 1 });
      clock.advance(1_000);
    },
  ],
  [
    'the grace period of its secret is ended early',
    async ({ id }) => {
      await manage('POST', `/v1/api-keys/${id}/rotate`, {});
      await manage('POST', `/v1/api-keys/${id}/end-grace`);
    },
  ],
  [
    'another process revokes its key',
    async ({ id }) => {
      await elsewhere.directory.refresh();
      const key = elsewhere.directory.findKey(id) ?? assert.fail();
      await revokeKey(elsewhere, key, 'leaked', CLI_REQUESTER);
    },
  ],
];

describe('when one of its apps is deleted, an export', () => {
  it('is reset, because without that app it would look complete', async () => {
    const doomed = await manage('POST', '/v1/apps', { name: 'Doomed', platform: 'ios' });
    twoApps.push(doomed.id);
    const { ended, socket } = await read('/v1/two-apps', (await makeReader()).key);
    socket.resume();
    await manage('DELETE', `/v1/apps/${doomed.id}`);
    assert.equal((await ended).code, 'ECONNRESET');
  });
});

for (const [what, change] of CHANGES) {
  describe(`when ${what}, an export`, () => {
    it('is reset within a second', async () => {
      const key = await makeReader();
      const { ended, socket } = await read('/v1/ticks', key.key);
      socket.resume();
      await change(key);
      const changedAt = performance.now();
      const { at, code } = await ended;
      assert.equal(code, 'ECONNRESET');
      assert.ok(at - changedAt < 1_000, `${at - changedAt} ms`);
    });

    it('to a stalled reader ends within a second, and its backlog is discarded', async () => {
      flood = Promise.withResolvers();
      const key = await makeReader();
      const { ended, socket } = await read('/v1/flood', key.key);
      socket.pause();
      await change(key);
      const changedAt = performance.now();
      const endedAt = await flood.promise;
      assert.ok(endedAt - changedAt < 1_000, `${endedAt - changedAt} ms`);
      socket.resume();
      assert.equal((await ended).code, 'ECONNRESET');
    });
  });
}

/** Waits until the server has rechecked its streams `count` times, measured by a stream that stays open. */
async function passRechecks(count: number): Promise<void> {
  const { socket } = await read('/v1/ticks', server_key);
  let lines = 0;
  // A line every 10 ms, a recheck every 500 ms.
  for await (const chunk of socket) {
    lines += String(chunk).split('{}').length - 1;
    if (lines > count * 60) return;
  }
  assert.fail('the stream was cut off');
}

describe('an export whose key does not change', () => {
  it('continues through the rechecks of its key', () => passRechecks(3));

  it('is reset when its reader has read nothing for 30 s, and not before', async () => {
    flood = Promise.withResolvers();
    let hasEnded = false;
    void flood.promise.then(() => (hasEnded = true));
    const { ended, socket } = await read('/v1/flood', server_key);
    for (let pause = 0; pause < 2; pause += 1) {
      socket.pause();
      for (let before = -1; before !== poured; await passRechecks(1)) before = poured;
      clock.advance(STALLED_MS - 1);
      await passRechecks(2);
      assert.ok(!hasEnded, 'a reader may pause');
      if (pause > 0) break;
      // Once the reader reads again, the time starts over.
      const taken = poured;
      socket.resume();
      while (poured === taken) await new Promise(setImmediate);
    }
    clock.advance(1);
    await flood.promise;
    socket.resume();
    assert.equal((await ended).code, 'ECONNRESET');
  });
});

it('chunks of an export that need the whole share of the event loop are produced one per turn', async () => {
  let immediate = setImmediate(countTurns);
  function countTurns(): void {
    turn += 1;
    immediate = setImmediate(countTurns);
  }
  const { status, text } = await api.call('GET', '/v1/work', { key: server_key });
  clearImmediate(immediate);
  assert.equal(status, 200);
  assert.equal(text, '{}\n'.repeat(10));
  assert.equal(new Set(chunkTurns).size, 10);
});
