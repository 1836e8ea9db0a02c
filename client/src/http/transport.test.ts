import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  connectAdmin,
  connectTracker,
  failureOf,
  inTurn,
  PAGE,
  timesOf,
  toDropLine,
} from '../../../test/client/scripted-clients.ts';
import {
  limited,
  refusal,
  type Scripted,
  startScriptedServer,
  stored,
} from '../../../test/client/scripted-server.ts';

it('62: every retry sends the same IDs in the same order, with a new sent_at', async () => {
  const answers: Scripted[] = [
    'hang_up',
    refusal(500, 'internal'),
    refusal(503, 'storage_unavailable'),
    limited(1),
  ];
  const world = await startScriptedServer((seen, n) => answers[n] ?? stored(seen.body));
  const appflow = connectTracker(world);
  for (let n = 0; n < 5; n += 1) appflow.track(`e${n}`);
  await world.run(appflow.flush({ timeoutMs: 300_000 }));
  const bodies = world.seen.map(({ body }) => body);
  assert.equal(bodies.length, 5);
  const names = bodies[0].events.map((event: { event_name: string }) => event.event_name);
  assert.deepEqual(names, ['$session_start', 'e0', 'e1', 'e2', 'e3', 'e4']);
  for (const body of bodies) assert.deepEqual(body.events, bodies[0].events);
  assert.equal(new Set(bodies.map(({ sent_at }) => sent_at)).size, 5);
});

describe('63: 413', () => {
  it('halves the batch without waiting until it fits', async () => {
    const world = await startScriptedServer(({ body }) =>
      body.events.length > 20 ? refusal(413, 'payload_too_large') : stored(body),
    );
    const appflow = connectTracker(world, { flushAt: 1_000 });
    for (let n = 0; n < 99; n += 1) appflow.track('app_open');
    await world.run(appflow.flush());
    assert.equal(world.clock.monotonicMs(), 0);
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 100, dropped: 0 });
    const sizes = world.seen.map(({ body }) => body.events.length);
    assert.deepEqual(sizes.slice(0, 4), [100, 50, 25, 13]);
  });

  it('drops, counts and reports a single event that is too large, and sends the rest', async () => {
    const isLarge = (event: { event_name: string }) => event.event_name === 'large';
    const world = await startScriptedServer(({ body }) =>
      body.events.some(isLarge) ? refusal(413, 'payload_too_large') : stored(body),
    );
    const appflow = connectTracker(world);
    const reports: unknown[] = [];
    appflow.on('drop', (drop) => reports.push(toDropLine(drop)));
    appflow.on('error', ({ code }) => reports.push(code));
    for (const name of ['a', 'b', 'large', 'c']) appflow.track(name);
    await world.run(appflow.flush());
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 4, dropped: 1 });
    assert.deepEqual(reports, ['payload_too_large', '1 payload_too_large: large']);
    assert.equal(world.clock.monotonicMs(), 0);
  });
});

it('64: changing the system clock during a wait makes it neither shorter nor endless', async () => {
  for (const jumpMs of [-86_400_000, 86_400_000]) {
    const world = await startScriptedServer(inTurn(limited(5), PAGE));
    const work = connectAdmin(world).apps.list();
    await world.settle();
    world.clock.jump(jumpMs);
    await world.run(work);
    assert.deepEqual(timesOf(world), [0, 5_000]);
  }
});

describe('65: what is retried', () => {
  it('503 with Retry-After is retried like 429', async () => {
    const busy = refusal(503, 'overloaded', { 'retry-after': '4' });
    const world = await startScriptedServer(inTurn(busy, busy, PAGE));
    await world.run(connectAdmin(world).apps.list());
    assert.deepEqual(timesOf(world), [0, 4_000, 12_000]);
  });

  for (const status of [400, 401, 403, 404, 409, 422]) {
    it(`${status} is never retried, and throws the server's error`, async () => {
      const world = await startScriptedServer(inTurn(refusal(status, 'not_found')));
      const error = await failureOf(world.run(connectAdmin(world).apps.list()));
      assert.deepEqual(
        [error.code, error.status, error.requestId, error.message],
        ['not_found', status, 'req_1', 'It is not_found.'],
      );
      assert.equal(world.seen.length, 1);
    });
  }

  it('network errors, 500, 502 and 504 are retried, and a POST keeps its Idempotency-Key', async () => {
    for (const failure of [
      'hang_up',
      refusal(500, 'internal'),
      { status: 502 },
      { status: 504, body: 'Bad gateway' },
    ] as Scripted[]) {
      const world = await startScriptedServer(inTurn(failure, failure, PAGE));
      const admin = connectAdmin(world);
      await world.run(admin.apps.create({ name: 'A', platform: 'ios' }));
      await world.run(admin.apps.create({ name: 'B', platform: 'ios' }));
      const keys = world.seen.map(({ headers }) => headers['idempotency-key']);
      assert.equal(keys.length, 4);
      assert.equal(new Set(keys.slice(0, 3)).size, 1);
      assert.notEqual(keys[3], keys[0]);
      assert.deepEqual(timesOf(world).slice(0, 3), [0, 500, 1_500]);
    }
  });

  it("a POST uses the caller's Idempotency-Key, so that other processes can use the same one", async () => {
    const world = await startScriptedServer(inTurn('hang_up', PAGE));
    await world.run(
      connectAdmin(world).apps.create({ name: 'A', platform: 'ios' }, { idempotencyKey: 'mine' }),
    );
    assert.deepEqual(
      world.seen.map(({ headers }) => headers['idempotency-key']),
      ['mine', 'mine'],
    );
  });

  it('a response that no Appflow server sends is not retried, and redirects are not followed', async () => {
    for (const answer of [
      { status: 200, body: '<html>' },
      { status: 302, headers: { location: '/elsewhere' } },
    ]) {
      const world = await startScriptedServer(inTurn(answer));
      const error = await failureOf(world.run(connectAdmin(world).apps.list()));
      assert.equal(error.code, 'unexpected_answer');
      assert.equal(world.seen.length, 1);
    }
  });
});

describe('66: the retry budget', () => {
  it('even if the app retries too, retries stay within ten plus a tenth of the requests plus one per minute', async () => {
    const world = await startScriptedServer(inTurn(refusal(500, 'internal')));
    const admin = connectAdmin(world);
    let requests = 0;
    const retryFiveTimes = async () => {
      for (let n = 0; n < 5; n += 1) {
        requests += 1;
        const done = await admin.apps.list().catch(() => undefined);
        if (done) return;
      }
    };
    await world.run(Promise.all(Array.from({ length: 100 }, retryFiveTimes)));
    const retries = world.seen.length - requests;
    const minutes = world.clock.monotonicMs() / 60_000;
    assert.equal(requests, 500);
    assert.ok(retries <= 10 + requests * 0.1 + minutes, `${retries} retries in ${minutes} minutes`);
    assert.ok(retries > 0);
  });

  it('a used-up budget delays retries, and nothing is dropped', async () => {
    const world = await startScriptedServer((seen, n) =>
      n < 30 ? refusal(500, 'internal') : stored(seen.body),
    );
    const appflow = connectTracker(world);
    appflow.track('app_open');
    await world.run(appflow.flush({ timeoutMs: 3_600_000 }));
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 2, dropped: 0 });
    const times = timesOf(world);
    assert.equal(times.length, 31);
    const last = times.slice(-3).map((time, n, all) => time - (all[n - 1] ?? time));
    assert.ok(
      last.slice(1).every((gap) => gap >= 30_000),
      `${times}`,
    );
  });

  it('50 callers of an unreachable server send one probe per backoff, and all succeed when it is back', async () => {
    const world = await startScriptedServer((_seen, n) => (n < 55 ? 'hang_up' : PAGE));
    const admin = connectAdmin(world);
    await world.run(Promise.all(Array.from({ length: 50 }, () => admin.apps.list())));
    assert.equal(world.seen.length, 55 + 50);
  });
});
