import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectTracker, makeStorage } from '../../../test/client/scripted-clients.ts';
import { startScriptedServer, stored, type World } from '../../../test/client/scripted-server.ts';

const start = () => startScriptedServer(({ body }) => stored(body));

const eventsOf = ({ seen }: World) => seen.flatMap(({ body }) => body.events);
const namesOf = (world: World) => eventsOf(world).map(({ event_name }) => event_name);

describe('when events are sent', () => {
  it('the first after a quiet period within 250 ms, later ones when the interval is over', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    appflow.track('first');
    await world.pass(250);
    assert.deepEqual(namesOf(world), ['$session_start', 'first']);
    appflow.track('second');
    await world.pass(9_000);
    appflow.track('third');
    assert.equal(world.seen.length, 1);
    await world.pass(1_000);
    assert.deepEqual(namesOf(world).slice(2), ['second', 'third']);
    await world.pass(60_000);
    assert.equal(world.clock.pending(), 0);
    appflow.track('fourth');
    await world.pass(250);
    assert.equal(world.seen.length, 3);
  });

  it('as soon as flushAt events are queued, in batches of at most 100', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    appflow.track('first');
    await world.pass(250);
    for (let n = 0; n < 19; n += 1) appflow.track('more');
    await world.pass(1);
    assert.equal(world.seen.length, 1);
    appflow.track('more');
    await world.pass(1);
    assert.equal(world.seen.length, 2);
    for (let n = 0; n < 250; n += 1) appflow.track('many');
    await world.pass(1);
    assert.deepEqual(
      world.seen.slice(2).map(({ body }) => body.events.length),
      [100, 100, 50],
    );
  });

  it('each event immediately with debug', async () => {
    const world = await start();
    const appflow = connectTracker(world, { debug: true });
    for (let n = 1; n <= 3; n += 1) {
      appflow.track('now');
      await world.pass(1);
      assert.equal(world.seen.length, n);
    }
  });

  it('sends the app, the context and a new sent_at with each request', async () => {
    const world = await start();
    const appflow = connectTracker(world, { appId: 'app_1', context: { platform: 'ios' } });
    appflow.setContext({ app_version: '2.4.0' });
    appflow.track('app_open', { plan: 'pro' });
    await world.pass(250);
    const [{ body, headers }] = world.seen as [World['seen'][number]];
    assert.equal(body.app_id, 'app_1');
    assert.equal(body.sent_at, '2026-11-22T10:00:00.150Z');
    const event = body.events[1];
    assert.deepEqual([event.timestamp, event.properties], ['2026-11-22T10:00:00.000Z', { plan: 'pro' }]);
    assert.equal(event.context.platform, 'ios');
    assert.equal(event.context.app_version, '2.4.0');
    assert.match(event.context.sdk, /^appflow-js\//);
    assert.equal(headers['x-appflow-sdk'], event.context.sdk);
    assert.equal(headers.authorization, 'Bearer ck_1');
  });
});

describe('the user ID', () => {
  it('is one anonymous ID until identify, which links it, and a new one after reset', async () => {
    const world = await start();
    const storage = makeStorage();
    const appflow = connectTracker(world, { storage });
    appflow.track('a');
    appflow.identify('user_1');
    appflow.identify('user_1');
    appflow.track('b');
    appflow.reset();
    appflow.track('c');
    await world.run(appflow.flush());
    const [begin, a, linked, b, end, again, c] = eventsOf(world);
    assert.deepEqual(namesOf(world), [
      '$session_start',
      'a',
      '$identify',
      'b',
      '$session_end',
      '$session_start',
      'c',
    ]);
    assert.match(a.app_user_id, /^anon_/);
    assert.equal(begin.app_user_id, a.app_user_id);
    assert.deepEqual([linked.app_user_id, linked.properties], ['user_1', { anonymous_id: a.app_user_id }]);
    assert.deepEqual([b.app_user_id, end.app_user_id], ['user_1', 'user_1']);
    assert.match(c.app_user_id, /^anon_/);
    assert.notEqual(c.app_user_id, a.app_user_id);
    assert.notEqual(again.session_id, begin.session_id);
    const next = connectTracker(world, { storage });
    next.track('d');
    await world.run(next.flush());
    assert.equal(eventsOf(world).at(-1).app_user_id, c.app_user_id);
  });

  it('sends user properties with $identify, and with $set for the same user and later', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    const set = { plan: 'pro', trial_ends: null };
    appflow.identify('user_1', { set, setOnce: { source: 'ad' } });
    set.plan = 'changed after the call';
    appflow.identify('user_1', { set: { plan: 'team' } });
    appflow.setUserProperties({ theme: 'dark' });
    appflow.setUserProperties({ count: 1n });
    await world.run(appflow.flush());
    const [, linked, ...others] = eventsOf(world);
    const { anonymous_id, ...properties } = linked.properties;
    assert.match(anonymous_id, /^anon_/);
    assert.deepEqual(properties, { $set: { plan: 'pro', trial_ends: null }, $set_once: { source: 'ad' } });
    assert.deepEqual(
      others.map((event) => [event.event_name, event.app_user_id, event.properties]),
      [
        ['$set', 'user_1', { $set: { plan: 'team' } }],
        ['$set', 'user_1', { $set: { theme: 'dark' } }],
      ],
    );
    appflow.optOut();
    appflow.setUserProperties({ theme: 'light' });
    appflow.identify('user_1', { set: { theme: 'light' } });
    assert.equal(appflow.stats().queued, 0);
  });

  it('two users of one device without a reset in between are not linked to each other', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    appflow.track('a');
    appflow.identify('user_1');
    appflow.identify('user_2');
    await world.run(appflow.flush());
    const links = eventsOf(world).filter(({ event_name }) => event_name === '$identify');
    assert.equal(links.length, 2);
    assert.notEqual(links[0].properties.anonymous_id, links[1].properties.anonymous_id);
  });

  it('is never a placeholder that the server would reject', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    for (const id of [
      '',
      ' ',
      'null',
      'Undefined',
      '0',
      '[object Object]',
      'x'.repeat(257),
      '00000000-0000-0000-0000-000000000000',
    ]) {
      appflow.identify(id);
    }
    appflow.identify(undefined as unknown as string);
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 0, dropped: 9 });
  });
});

describe('sessions', () => {
  it('end after 30 minutes without an event, with the timestamp of the last one', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    appflow.track('a');
    await world.pass(60_000);
    appflow.track('b');
    world.clock.advance(30 * 60_000 - 1);
    appflow.track('c');
    world.clock.advance(30 * 60_000);
    appflow.track('d');
    await world.run(appflow.flush());
    const events = eventsOf(world);
    assert.deepEqual(namesOf(world), [
      '$session_start',
      'a',
      'b',
      'c',
      '$session_end',
      '$session_start',
      'd',
    ]);
    const [, , , c, end, begin, d] = events;
    assert.equal(end.timestamp, c.timestamp);
    assert.deepEqual(end.properties, { duration_ms: 60_000 + 30 * 60_000 - 1 });
    assert.equal(end.session_id, c.session_id);
    assert.deepEqual([begin.session_id, begin.timestamp], [d.session_id, d.timestamp]);
    assert.notEqual(d.session_id, c.session_id);
  });

  it('continue across a restart within 30 minutes, and shutdown ends one', async () => {
    const world = await start();
    const storage = makeStorage(true);
    const first = connectTracker(world, { storage });
    first.track('a');
    await world.run(first.flush());
    const second = connectTracker(world, { storage });
    second.track('b');
    await world.run(second.shutdown());
    assert.deepEqual(namesOf(world), ['$session_start', 'a', 'b', '$session_end']);
    assert.equal(new Set(eventsOf(world).map(({ session_id }) => session_id)).size, 1);
    second.track('late');
    assert.equal(second.stats().dropped, 1);
  });
});

it('shutdown returns at its timeout if the storage never answers', async () => {
  const world = await start();
  const storage = { ...makeStorage(), setItem: () => new Promise<void>(() => undefined) };
  const appflow = connectTracker(world, { storage });
  appflow.track('a');
  await world.run(appflow.shutdown({ timeoutMs: 2_000 }));
  assert.equal(world.clock.monotonicMs(), 2_000);
});

it('flushing an empty queue sends nothing: the next event is still sent within 250 ms', async () => {
  const world = await start();
  const appflow = connectTracker(world);
  await world.run(appflow.flush());
  assert.equal(world.seen.length, 0);
  appflow.track('first');
  await world.pass(250);
  assert.equal(world.seen.length, 1);
});
