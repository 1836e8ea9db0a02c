import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  connectAdmin,
  connectTracker,
  failureOf,
  makeStorage,
  PAGE,
} from '../../../test/scripted-clients.ts';
import { limited, startScriptedServer, stored } from '../../../test/scripted-server.ts';
import type { Fetch } from '../http/transport.ts';
import { dropOpenGates, getGate } from '../retry/rate-limit-gate.ts';
import { SYSTEM_CLOCK } from '../runtime/clock.ts';
import { GLOBALS } from '../runtime/environment.ts';

const start = () => startScriptedServer(({ body }) => stored(body));

describe('several trackers on one storage', () => {
  for (const isAsync of [false, true]) {
    const how = isAsync ? 'an async storage' : 'a sync storage';
    it(`keep each other's events, and only those that still wait: ${how}`, async () => {
      const world = await startScriptedServer(({ body }) => stored(body));
      const storage = makeStorage(isAsync);
      const one = connectTracker(world, { storage });
      const other = connectTracker(world, { storage });
      await world.settle();
      one.track('of_one');
      other.track('of_other');
      await world.settle();
      const kept = () => [...storage.items.values()].join();
      assert.equal(storage.items.size, 1);
      assert.ok(kept().includes('"of_one"') && kept().includes('"of_other"'), kept());
      await world.run(one.flush());
      assert.ok(!kept().includes('"of_one"') && kept().includes('"of_other"'), kept());
      // The other is gone before it sent anything: the next one does.
      const next = connectTracker(world, { storage });
      await world.run(next.flush());
      const names = world.seen.flatMap(({ body }) => body.events).map(({ event_name }) => event_name);
      assert.deepEqual(names, ['session_start', 'of_one', 'session_start', 'of_other']);
      assert.ok(!kept().includes('"of_other"'), kept());
    });
  }

  it('another key or server without an app, and another app, never get what waits', async () => {
    const killed = await start();
    const storage = makeStorage();
    connectTracker(killed, { storage }).track('not_yours');
    connectTracker(killed, { storage, appId: 'app_1' }).track('not_yours');
    await killed.settle();
    const [world, elsewhere] = [await start(), await start()];
    for (const options of [{ apiKey: 'ck_2' }, { appId: 'app_2' }]) {
      const appflow = connectTracker(killed, { storage, fetch: world.fetch, clock: world.clock, ...options });
      assert.equal(appflow.stats().queued, 0);
    }
    for (const options of [{}, { appId: 'app_1' }])
      assert.equal(connectTracker(elsewhere, { storage, ...options }).stats().queued, 0);
  });

  it('a sign-out in one tab is one in the others, once they write, and for who comes later', async () => {
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
    other.track('afterwards');
    await world.settle();
    const later = connectTracker(world, { storage });
    later.track('later');
    await world.run(Promise.all([one.flush(), other.flush(), later.flush()]));
    const events = world.seen.flatMap(({ body }) => body.events);
    const whoOf = (name: string) => events.find(({ event_name }) => event_name === name)?.app_user_id;
    assert.match(whoOf('afterwards'), /^anon_/);
    assert.equal(whoOf('later'), whoOf('afterwards'));
    const sessionOf = (name: string) => events.find(({ event_name }) => event_name === name)?.session_id;
    const [{ session_id: former }] = events.filter(({ event_name }) => event_name === 'session_end');
    assert.notEqual(sessionOf('afterwards'), former, 'a session holds one person');
    // A sign-in is taken over in the same way, and not undone by a tab that knew nobody.
    later.identify('user_2');
    await world.settle();
    other.track('second_write');
    await world.settle();
    const last = connectTracker(world, { storage });
    last.track('last');
    await world.run(last.flush());
    assert.equal(world.seen.at(-1)?.body.events.at(-1).app_user_id, 'user_2');
  });

  it('with an app, a new key goes on with what waits and who it was', async () => {
    const killed = await start();
    const storage = makeStorage();
    connectTracker(killed, { storage, appId: 'app_1' }).track('waits');
    await killed.settle();
    assert.equal(connectTracker(killed, { storage, appId: 'app_1', apiKey: 'ck_2' }).stats().queued, 2);
  });
});

it('shutdown returns in its own time although the storage never answers', async () => {
  const world = await start();
  const storage = { ...makeStorage(), setItem: () => new Promise<void>(() => undefined) };
  const appflow = connectTracker(world, { storage });
  appflow.track('a');
  await world.run(appflow.shutdown({ timeoutMs: 2_000 }));
  assert.equal(world.clock.monotonicMs(), 2_000);
});

/** Puts this process into a page that is being hidden, until the test is over. */
function makePage(t: TestContext) {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  const { addEventListener } = GLOBALS;
  t.after(() => Object.assign(GLOBALS, { document: undefined, addEventListener }));
  Object.assign(GLOBALS, { document, addEventListener: page.addEventListener.bind(page) });
  return { page, document };
}

it('a page that is hidden and then closed sends each event once, and what came between', async (t) => {
  const { page, document } = makePage(t);
  const world = await start();
  const outlives: (boolean | undefined)[] = [];
  const fetch: Fetch = (url, init) => {
    outlives.push(init.keepalive);
    return world.fetch(url, init);
  };
  const appflow = connectTracker(world, { storage: undefined, fetch });
  appflow.track('a');
  document.dispatchEvent(new Event('visibilitychange'));
  appflow.track('b');
  page.dispatchEvent(new Event('pagehide'));
  await world.settle();
  const names = world.seen.map(({ body }) =>
    body.events.map((each: { event_name: string }) => each.event_name),
  );
  assert.deepEqual(names.sort(), [['b'], ['session_start', 'a']]);
  assert.deepEqual(appflow.stats(), { queued: 0, sent: 3, dropped: 0 });
  assert.deepEqual(outlives, [true, true], 'the requests outlive the page');
});

it('the last request of a page holds what fits into 60,000 bytes; a larger event does not stand in the way', async (t) => {
  const { document, page } = makePage(t);
  const world = await start();
  const appflow = connectTracker(world, { storage: undefined });
  for (const [name, length] of [
    ['fits', 20_000],
    ['wide', 25_000],
    ['last', 100],
  ] as const)
    appflow.track(name, { text: (name === 'wide' ? 'ü' : 'a').repeat(length) });
  document.dispatchEvent(new Event('visibilitychange'));
  await world.settle();
  const sent = () => world.seen.flatMap(({ body }) => body.events).map(({ event_name }) => event_name);
  assert.deepEqual(sent(), ['session_start', 'fits', 'last']);
  assert.ok(JSON.stringify(world.seen[0]?.body).length < 64_000);
  page.dispatchEvent(new Event('pagehide'));
  await world.settle();
  assert.deepEqual(sent().slice(3), ['wide']);
});

it('a stream too many waits alone: queries go on', async () => {
  const world = await startScriptedServer(({ path }) => (path.includes('/stream') ? limited(30) : PAGE));
  const admin = connectAdmin(world, 0, 60_000);
  const next = admin.events
    .stream()
    .next()
    .catch(() => undefined);
  await world.settle();
  await Promise.all([admin.analytics.live(), admin.events.search()]);
  assert.equal(world.clock.monotonicMs(), 0);
  assert.equal(world.seen.length, 3);
  await world.run(next);
});

it('parallel refusals with a senseless Retry-After wait a day at most', async () => {
  for (const seconds of ['9999999999', '9'.repeat(400)]) {
    const world = await startScriptedServer((_seen, n) => (n < 2 ? limited(seconds) : PAGE));
    const admin = connectAdmin(world, 0, 10_000_000);
    const calls = [admin.apps.list(), admin.apps.list()].map(failureOf);
    for (const error of await world.run(Promise.all(calls))) assert.equal(error.retryAfterMs, 86_400_000);
  }
});

it('at 1,000 gates the open ones are forgotten', () => {
  const clock = { ...SYSTEM_CLOCK };
  const find = (n: number) => getGate({ apiKey: `sk_${n}`, baseUrl: '', clock }, 'events', () => 0);
  const first = find(0);
  for (let n = 1; n < 999; n += 1) find(n);
  dropOpenGates(clock);
  assert.equal(find(0), first);
  find(999);
  dropOpenGates(clock);
  assert.notEqual(find(0), first);
});

it('mistakes are told on the console in development and with debug, and nowhere else', async (t) => {
  const { __DEV__ } = GLOBALS;
  const warn = t.mock.method(console, 'warn', () => undefined);
  t.after(() => Object.assign(GLOBALS, { __DEV__ }));
  const world = await start();
  for (const [development, debug, told] of [
    [false, false, 0],
    [true, false, 1],
    [false, true, 1],
  ] as const) {
    warn.mock.resetCalls();
    GLOBALS.__DEV__ = development;
    const appflow = connectTracker(world, { debug });
    appflow.track('Not a name');
    assert.equal(appflow.stats().dropped, 1);
    const words = warn.mock.calls.map(({ arguments: [text] }) => text);
    assert.deepEqual(words, Array(told).fill('Appflow: dropped 1: invalid_event_name'));
  }
});

it('a flush of nothing is no send: the next event still leaves within 250 ms', async () => {
  const world = await start();
  const appflow = connectTracker(world);
  await world.run(appflow.flush());
  assert.equal(world.seen.length, 0);
  appflow.track('first');
  await world.pass(250);
  assert.equal(world.seen.length, 1);
});
