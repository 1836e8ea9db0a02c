import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectTracker, makeStorage, toDropLine } from '../../../test/client/scripted-clients.ts';
import { startScriptedServer, stored, type World } from '../../../test/client/scripted-server.ts';
import { mergeSavedStates } from './saved-state.ts';

const start = () => startScriptedServer(({ body }) => stored(body));

const eventsOf = ({ seen }: World) => seen.flatMap(({ body }) => body.events);

describe('optOut', () => {
  for (const isAsync of [false, true]) {
    const how = isAsync ? 'an async storage' : 'a sync storage';
    it(`discards queue, user and session, and nothing is tracked until optIn, also after a restart: ${how}`, async () => {
      const world = await start();
      const storage = makeStorage(isAsync);
      const appflow = connectTracker(world, { storage });
      await world.settle();
      const drops: string[] = [];
      appflow.on('drop', (drop) => drops.push(toDropLine(drop)));
      appflow.identify('user_1');
      appflow.optOut();
      assert.equal(appflow.isOptedOut(), true);
      appflow.track('ignored');
      appflow.identify('user_2');
      appflow.reset();
      await world.run(appflow.flush());
      assert.deepEqual(drops, ['2 opted_out: $session_start,$identify']);
      assert.deepEqual(appflow.stats(), { queued: 0, sent: 0, dropped: 2 });
      assert.doesNotMatch([...storage.items.values()].join(), /user_|ignored|\$identify/);

      const next = connectTracker(world, { storage });
      next.track('ignored');
      await world.run(next.shutdown());
      assert.equal(next.isOptedOut(), true);
      assert.equal(world.seen.length, 0);

      const last = connectTracker(world, { storage });
      await world.settle();
      last.optIn();
      assert.equal(last.isOptedOut(), false);
      last.track('counted');
      await world.run(last.flush());
      assert.deepEqual(
        eventsOf(world).map(({ event_name }) => event_name),
        ['$session_start', 'counted'],
      );
      assert.match(eventsOf(world)[0].app_user_id, /^anon_/);
    });
  }

  it('before an async storage has answered, also applies to the events of the last run', async () => {
    const killed = await start();
    const storage = makeStorage(true);
    connectTracker(killed, { storage }).track('of_last_run');
    await killed.settle();
    const world = await start();
    const appflow = connectTracker(world, { storage });
    appflow.track('early');
    appflow.optOut();
    await world.run(appflow.flush());
    assert.equal(world.seen.length, 0);
    assert.doesNotMatch([...storage.items.values()].join(), /of_last_run|early/);
  });

  it('ends the retries of a batch', async () => {
    const world = await startScriptedServer(() => ({ status: 503 }));
    const appflow = connectTracker(world, { storage: makeStorage() });
    appflow.track('a');
    const flushed = appflow.flush({ timeoutMs: 60_000 });
    await world.settle();
    assert.equal(world.seen.length, 1);
    appflow.optOut();
    await world.run(flushed);
    await world.pass(120_000);
    assert.equal(world.seen.length, 1);
  });

  it('persists after shutdown', async () => {
    const world = await start();
    const storage = makeStorage();
    const appflow = connectTracker(world, { storage });
    await world.run(appflow.shutdown());
    appflow.optOut();
    await world.settle();
    assert.equal(connectTracker(world, { storage }).isOptedOut(), true);
  });

  it('in one tab applies to other tabs at their next write, with their queues, even if those change the user', async () => {
    for (const change of ['track', 'identify'] as const) {
      const world = await start();
      const storage = makeStorage();
      const one = connectTracker(world, { storage });
      const other = connectTracker(world, { storage });
      other.track('of_other');
      await world.settle();
      one.optOut();
      await world.settle();
      assert.doesNotMatch([...storage.items.values()].join(), /of_other/);
      other[change]('user_1');
      await world.settle();
      assert.deepEqual([other.isOptedOut(), other.stats().queued], [true, 0]);
      assert.doesNotMatch([...storage.items.values()].join(), /of_other|user_1/);
      one.optIn();
      await world.settle();
      other.track('ignored_once_more');
      await world.settle();
      assert.equal(other.isOptedOut(), false);
    }
  });

  it('of one process applies to all whose files are merged', () => {
    const queue = [{ event_id: '1', event_name: 'a', app_user_id: 'u_1', timestamp: '' }];
    const tracked = { who: { anonymousId: 'anon_1', userId: 'u_1' }, session: null, queue };
    const optedOut = {
      who: { anonymousId: 'anon_2', userId: null, isOptedOut: true },
      session: null,
      queue: [],
    };
    for (const states of [
      [tracked, optedOut],
      [optedOut, tracked],
    ])
      assert.deepEqual(
        JSON.parse(mergeSavedStates(states.map((each) => JSON.stringify(each))) ?? ''),
        optedOut,
      );
  });
});

it('optIn without an opt-out keeps the user', async () => {
  const world = await start();
  const appflow = connectTracker(world);
  appflow.identify('user_1');
  appflow.optIn();
  appflow.track('a');
  await world.run(appflow.flush());
  assert.equal(eventsOf(world).at(-1).app_user_id, 'user_1');
});
