import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectTracker, makeStorage } from '../../../test/client/scripted-clients.ts';
import { startScriptedServer, stored } from '../../../test/client/scripted-server.ts';

const start = () => startScriptedServer(({ body }) => stored(body));

describe('several trackers with one storage', () => {
  for (const isAsync of [false, true]) {
    const how = isAsync ? 'an async storage' : 'a sync storage';
    it(`keep each other's events, but only those still queued: ${how}`, async () => {
      const world = await startScriptedServer(({ body }) => stored(body));
      const storage = makeStorage(isAsync);
      const one = connectTracker(world, { storage });
      const other = connectTracker(world, { storage });
      await world.settle();
      one.track('of_one');
      other.track('of_other');
      await world.settle();
      const listItems = () => [...storage.items.values()].join();
      assert.equal(storage.items.size, 1);
      assert.ok(listItems().includes('"of_one"') && listItems().includes('"of_other"'), listItems());
      await world.run(one.flush());
      assert.ok(!listItems().includes('"of_one"') && listItems().includes('"of_other"'), listItems());
      // The other tracker sent nothing; the next one sends its events.
      const next = connectTracker(world, { storage });
      await world.run(next.flush());
      const names = world.seen.flatMap(({ body }) => body.events).map(({ event_name }) => event_name);
      assert.deepEqual(names, ['$session_start', 'of_one', '$session_start', 'of_other']);
      assert.ok(!listItems().includes('"of_other"'), listItems());
    });
  }

  it('queued events are never sent with another key (without an app), or to another app', async () => {
    const killed = await start();
    const storage = makeStorage();
    connectTracker(killed, { storage }).track('not_yours');
    connectTracker(killed, { storage, appId: 'app_1' }).track('not_yours');
    await killed.settle();
    const world = await start();
    for (const options of [{ apiKey: 'ck_2' }, { appId: 'app_2' }]) {
      const appflow = connectTracker(killed, { storage, fetch: world.fetch, clock: world.clock, ...options });
      assert.equal(appflow.stats().queued, 0);
    }
  });

  it('a tracker that restarts with another URL sends what was queued for the old one, once', async () => {
    for (const options of [{}, { appId: 'app_1' }]) {
      const killed = await start();
      const storage = makeStorage();
      connectTracker(killed, { storage, ...options }).track('moves');
      await killed.settle();
      const moved = await start();
      const appflow = connectTracker(moved, { storage, ...options });
      assert.equal(appflow.stats().queued, 2);
      await moved.run(appflow.flush());
      const names = moved.seen.flatMap(({ body }) => body.events).map(({ event_name }) => event_name);
      assert.deepEqual(names, ['$session_start', 'moves']);
      assert.equal(storage.items.size, 1);
      assert.doesNotMatch([...storage.items.values()].join(), /"moves"/);
    }
  });

  it('a sign-out in one tab applies to other tabs at their next write, and to later tabs', async () => {
    const world = await start();
    const storage = makeStorage();
    const one = connectTracker(world, { storage });
    one.identify('user_1');
    await world.settle();
    const other = connectTracker(world, { storage });
    one.reset();
    await world.settle();
    other.track('first_write');
    await world.settle();
    other.track('after_write');
    await world.settle();
    const later = connectTracker(world, { storage });
    later.track('later');
    await world.run(Promise.all([one.flush(), other.flush(), later.flush()]));
    const events = world.seen.flatMap(({ body }) => body.events);
    const userOf = (name: string) => events.find(({ event_name }) => event_name === name)?.app_user_id;
    assert.match(userOf('after_write'), /^anon_/);
    assert.equal(userOf('later'), userOf('after_write'));
    const sessionOf = (name: string) => events.find(({ event_name }) => event_name === name)?.session_id;
    const [{ session_id: oldSession }] = events.filter(({ event_name }) => event_name === '$session_end');
    assert.notEqual(sessionOf('after_write'), oldSession, 'a session belongs to one user');
    // A sign-in applies in the same way, and a tab without a user does not undo it.
    later.identify('user_2');
    await world.settle();
    other.track('second_write');
    await world.settle();
    const last = connectTracker(world, { storage });
    last.track('last');
    await world.run(last.flush());
    assert.equal(world.seen.at(-1)?.body.events.at(-1).app_user_id, 'user_2');
  });

  it('with an app, a new key keeps the queue and the user', async () => {
    const killed = await start();
    const storage = makeStorage();
    connectTracker(killed, { storage, appId: 'app_1' }).track('waits');
    await killed.settle();
    assert.equal(connectTracker(killed, { storage, appId: 'app_1', apiKey: 'ck_2' }).stats().queued, 2);
  });
});
