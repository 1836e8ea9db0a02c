import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connectTracker, inTurn, timesOf } from '../../../test/client/scripted-clients.ts';
import { limited, refusal, startScriptedServer, stored } from '../../../test/client/scripted-server.ts';

it('trackers with the same key wait together: one probe per backoff, then one batch at a time', async () => {
  const world = await startScriptedServer(({ body }, n) => (n < 3 ? limited(1) : stored(body)));
  const trackers = Array.from({ length: 5 }, () => connectTracker(world));
  for (const appflow of trackers) appflow.track('a');
  await world.run(Promise.all(trackers.map((appflow) => appflow.flush({ timeoutMs: 60_000 }))));
  assert.deepEqual(timesOf(world), [0, 1_000, 3_000, 7_000, 7_000, 7_000, 7_000, 7_000]);
  assert.ok(trackers.every((appflow) => appflow.stats().queued === 0));
});

it('a success resets the backoff, and a tracker with another key does not wait', async () => {
  const world = await startScriptedServer(({ headers, body }, n) =>
    headers.authorization === 'Bearer ck_1' && (n === 0 || n === 3) ? limited(30) : stored(body),
  );
  const appflow = connectTracker(world);
  const other = connectTracker(world, { apiKey: 'ck_2' });
  appflow.track('a');
  const flushed = appflow.flush({ timeoutMs: 90_000 });
  await world.settle();
  other.track('b');
  await world.pass(150);
  assert.deepEqual(timesOf(world), [0, 150]);
  await world.run(flushed);
  appflow.track('c');
  await world.run(appflow.flush({ timeoutMs: 90_000 }));
  assert.deepEqual(timesOf(world), [0, 150, 30_000, 30_000, 60_000]);
});

it('a server error delays the batch that failed, and the wait doubles', async () => {
  const world = await startScriptedServer((seen, n) =>
    n < 3 ? refusal(500, 'internal') : inTurn(stored(seen.body))(seen, n),
  );
  const appflow = connectTracker(world);
  appflow.track('a');
  await world.run(appflow.flush({ timeoutMs: 60_000 }));
  assert.deepEqual(timesOf(world), [0, 500, 1_500, 3_500]);
});

it('shutdown during a wait ends it: no timer is left', async () => {
  const world = await startScriptedServer(() => limited(30));
  const appflow = connectTracker(world);
  appflow.track('a');
  await world.run(appflow.shutdown({ timeoutMs: 2_000 }));
  await world.settle();
  assert.equal(world.clock.pending(), 0);
  assert.equal(world.seen.length, 1);
});
