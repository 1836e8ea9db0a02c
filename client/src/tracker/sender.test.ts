import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectTracker, makeStorage, timesOf, toDropLine } from '../../../test/client/scripted-clients.ts';
import { refusal, startScriptedServer, stored, type World } from '../../../test/client/scripted-server.ts';

/** Returns the tracker's item in the storage. */
const itemOf = ({ items }: ReturnType<typeof makeStorage>) => [...items.values()][0];

const start = () => startScriptedServer(({ body }) => stored(body));

const eventsOf = ({ seen }: World) => seen.flatMap(({ body }) => body.events);
const namesOf = (world: World) => eventsOf(world).map(({ event_name }) => event_name);

describe('failures', () => {
  it('track never throws, copies properties immediately, and counts invalid events', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    const drops: unknown[] = [];
    appflow.on('drop', ({ reason, events: [event] }) => drops.push([reason, event?.event_name]));
    appflow.on('drop', () => {
      throw new Error('A bug in the app.');
    });
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    appflow.track('Bad Name');
    appflow.track(undefined as unknown as string);
    appflow.track('loop', loop);
    appflow.track('big', { n: 1n });
    const properties = { step: 1 };
    appflow.track('ok', properties);
    properties.step = 2;
    await world.run(appflow.flush());
    assert.deepEqual(drops, [
      ['invalid_event_name', 'Bad Name'],
      ['invalid_event_name', undefined],
      ['invalid_properties', 'loop'],
      ['invalid_properties', 'big'],
    ]);
    assert.deepEqual(eventsOf(world).at(-1).properties, { step: 1 });
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 2, dropped: 4 });
  });

  it('sends events one at a time to a server that accepts only one per request, until all are sent', async () => {
    const world = await startScriptedServer(({ body }) =>
      body.events.length > 1 ? refusal(413, 'payload_too_large') : stored(body),
    );
    const appflow = connectTracker(world);
    for (let n = 0; n < 16; n += 1) appflow.track(`step_${n}`);
    await world.run(appflow.flush());
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 17, dropped: 0 });
    // Batches of 17, 9, 5, 3 and 2 are rejected.
    assert.equal(world.seen.length, 17 + 5);
  });

  it('a single event that is too large is dropped permanently, also from the storage', async () => {
    const world = await startScriptedServer(() => refusal(413, 'payload_too_large'));
    const storage = makeStorage();
    const appflow = connectTracker(world, { storage });
    appflow.track('large');
    await world.run(appflow.flush());
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 0, dropped: 2 });
    assert.deepEqual(JSON.parse(itemOf(storage) ?? '').queue, []);
  });

  it('halves a batch that was too slow (408) without waiting; later batches grow again', async () => {
    const world = await startScriptedServer(({ body }) =>
      body.events.length > 30 ? refusal(408, 'request_too_slow') : stored(body),
    );
    const appflow = connectTracker(world, { flushAt: 1_000 });
    const errors: string[] = [];
    appflow.on('error', ({ code }) => errors.push(code));
    const sizes = () => world.seen.map(({ body }) => body.events.length);
    for (let n = 0; n < 99; n += 1) appflow.track('app_open');
    await world.run(appflow.flush());
    assert.deepEqual(sizes(), [100, 50, 25, 25, 25, 25]);
    assert.equal(world.clock.monotonicMs(), 0);
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 100, dropped: 0 });
    assert.deepEqual(errors, []);
    world.seen.length = 0;
    for (let n = 0; n < 60; n += 1) appflow.track('app_open');
    await world.run(appflow.flush());
    assert.deepEqual(sizes(), [50, 25, 25, 10]);
  });

  it('retries a single event that was too slow (408), waiting longer each time, and never drops it', async () => {
    const world = await startScriptedServer(({ body }, n) => (n < 5 ? { status: 408 } : stored(body)));
    const appflow = connectTracker(world);
    appflow.track('a');
    await world.run(appflow.flush({ timeoutMs: 60_000 }));
    // First both events, then session_start alone.
    assert.deepEqual(timesOf(world), [0, 0, 500, 1_500, 3_500, 7_500, 7_500]);
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 2, dropped: 0 });
  });

  it('rejected events are dropped and reported, the others are done', async () => {
    const world = await startScriptedServer(({ body }) => {
      const rejected = [{ index: 1, code: 'event_too_large', field: 'event', message: '' }];
      return {
        status: 200,
        body: { accepted: body.events.length - 2, duplicates: 1, rejected, warnings: [] },
      };
    });
    const appflow = connectTracker(world);
    const reports: unknown[] = [];
    appflow.on('drop', (drop) => reports.push(toDropLine(drop)));
    appflow.on('flush', (flush) => reports.push(flush));
    for (const name of ['a', 'b', 'c']) appflow.track(name);
    await world.run(appflow.flush());
    assert.deepEqual(reports, [{ sent: 3 }, '1 event_too_large: a']);
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 3, dropped: 1 });
    await world.pass(60_000);
    assert.equal(world.seen.length, 1);
  });

  for (const status of [401, 403]) {
    it(`${status} stops sending and is reported once, keeps the queue, and sending resumes with another key`, async () => {
      const world = await startScriptedServer(({ headers, body }) =>
        headers.authorization === 'Bearer ck_2' ? stored(body) : refusal(status, 'api_key_revoked'),
      );
      const appflow = connectTracker(world);
      const codes: string[] = [];
      appflow.on('error', ({ code }) => codes.push(code));
      for (let n = 0; n < 3; n += 1) {
        appflow.track('a');
        await world.pass(60_000);
        await world.run(appflow.flush());
      }
      assert.deepEqual(codes, ['api_key_revoked']);
      assert.equal(world.seen.length, 1);
      assert.equal(appflow.stats().queued, 4);
      appflow.setApiKey('ck_2');
      await world.pass(1);
      assert.deepEqual(appflow.stats(), { queued: 0, sent: 4, dropped: 0 });
    });
  }

  it('while sending is stopped, a full queue drops the oldest events', async () => {
    const world = await startScriptedServer(() => refusal(401, 'api_key_revoked'));
    const storage = makeStorage();
    const appflow = connectTracker(world, { storage, queueSizeMax: 3 });
    for (const name of ['a', 'b']) appflow.track(name);
    await world.run(appflow.flush());
    for (const name of ['c', 'd']) appflow.track(name);
    await world.settle();
    const { queue } = JSON.parse(itemOf(storage) ?? '{}');
    assert.deepEqual(
      queue.map(({ event_name }: { event_name: string }) => event_name),
      ['b', 'c', 'd'],
    );
    assert.deepEqual(appflow.stats(), { queued: 3, sent: 0, dropped: 2 });
  });

  it('events tracked in one turn of the event loop are stored with one write', async () => {
    const world = await start();
    let writes = 0;
    const storage = {
      ...makeStorage(),
      setItem: () => {
        writes += 1;
      },
    };
    const appflow = connectTracker(world, { storage });
    for (let n = 0; n < 50; n += 1) appflow.track('a');
    await world.settle();
    assert.equal(writes, 1);
  });

  it('a captive portal that answers 200 to everything does not receive the events', async () => {
    const world = await startScriptedServer(({ body }, n) =>
      n < 2
        ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Sign in to the hotel</h1>' }
        : stored(body),
    );
    const appflow = connectTracker(world);
    appflow.track('a');
    await world.run(appflow.flush({ timeoutMs: 60_000 }));
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 2, dropped: 0 });
    assert.equal(world.seen.length, 3);
  });

  it('works from memory if the storage fails', async () => {
    const world = await start();
    const fail = () => {
      throw new Error('Quota exceeded.');
    };
    for (const storage of [
      { getItem: fail, setItem: fail, removeItem: fail },
      { getItem: async () => fail(), setItem: async () => fail(), removeItem: async () => fail() },
      { getItem: () => '{broken', setItem: () => undefined, removeItem: () => undefined },
      { getItem: async () => '{"queue":7}', setItem: () => undefined, removeItem: () => undefined },
    ]) {
      const appflow = connectTracker(world, { storage });
      appflow.track('a');
      await world.run(appflow.flush());
      assert.deepEqual(appflow.stats(), { queued: 0, sent: 2, dropped: 0 });
    }
  });
});

describe('offline', () => {
  it('for a day: loses no event within the queue size, counts those beyond it, and sends each once when online', async () => {
    let isOnline = false;
    const world = await startScriptedServer(({ body }) => (isOnline ? stored(body) : 'hang_up'));
    const storage = makeStorage(true);
    const appflow = connectTracker(world, { storage });
    for (let hour = 0; hour < 24; hour += 1) {
      for (let n = 0; n < 30; n += 1) appflow.track('e', { n: hour * 30 + n });
      for (let minute = 0; minute < 60; minute += 1) {
        world.clock.advance(60_000);
        await world.settle();
      }
    }
    const { queued, dropped } = appflow.stats();
    // 720 events, a session_start every hour, and a session_end before the next one.
    assert.deepEqual([queued, dropped], [720 + 24 + 23, 0]);
    assert.ok(world.seen.length <= 24 * 60 + 20, `${world.seen.length} attempts`);
    for (let n = 0; n < 300; n += 1) appflow.track('e', { n: 720 + n });
    // Another hour has passed: one more session_end and session_start.
    assert.deepEqual(appflow.stats(), { queued: 1_000, sent: 0, dropped: 720 + 24 + 23 + 302 - 1_000 });
    const lost = appflow.stats().dropped;
    isOnline = true;
    world.seen.length = 0;
    await world.run(appflow.flush({ timeoutMs: 3_600_000 }));
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 1_000, dropped: lost });
    assert.equal(new Set(eventsOf(world).map(({ event_id }) => event_id)).size, 1_000);
    const numbers = eventsOf(world).filter(({ event_name }) => event_name === 'e');
    assert.equal(numbers.at(-1).properties.n, 1_019);
  });

  it('a restart sends stored events before new ones, each once', async () => {
    for (const isAsync of [false, true]) {
      // Its clock never advances, as if it was killed before it sent anything.
      const killed = await start();
      const world = await startScriptedServer(({ body }, n) => (n === 0 ? 'hang_up' : stored(body)));
      const storage = makeStorage(isAsync);
      connectTracker(killed, { storage, baseUrl: world.url }).track('before');
      await killed.settle();
      assert.match(itemOf(storage) ?? '', /"before"/);
      const appflow = connectTracker(world, { storage });
      appflow.track('after');
      await world.run(appflow.flush({ timeoutMs: 60_000 }));
      const [failed, sent] = world.seen.map(({ body }) => body.events);
      assert.deepEqual(failed, sent);
      assert.deepEqual(namesOf(world).slice(3), ['$session_start', 'before', 'after']);
      await world.settle();
      assert.doesNotMatch(itemOf(storage) ?? '', /"before"/);
    }
  });

  it('no event is sent before it is stored', async () => {
    const world = await start();
    let store: (() => void) | undefined;
    const storage = {
      ...makeStorage(),
      setItem: () =>
        new Promise<void>((resolve) => {
          store = resolve;
        }),
    };
    const appflow = connectTracker(world, { storage });
    appflow.track('a');
    await world.pass(5_000);
    assert.equal(world.seen.length, 0);
    store?.();
    await world.pass(1);
    assert.equal(world.seen.length, 1);
  });
});
