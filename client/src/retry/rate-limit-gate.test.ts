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
import { limited, refusal, startScriptedServer } from '../../../test/client/scripted-server.ts';
import { AppflowAdmin } from '../admin.ts';
import { SYSTEM_CLOCK } from '../runtime/clock.ts';
import { dropOpenGates, getGate } from './gate-registry.ts';
import { createGate } from './rate-limit-gate.ts';

describe('58: many callers, one limit', () => {
  it('50 parallel callers and one 429 send one probe per backoff', async () => {
    const world = await startScriptedServer((_seen, n) =>
      n < 50 || n === 50 || n === 51 ? limited(1) : PAGE,
    );
    const admin = connectAdmin(world);
    await world.run(Promise.all(Array.from({ length: 50 }, () => admin.apps.list())));
    const times = timesOf(world);
    assert.deepEqual(times.slice(50, 54), [1_000, 3_000, 7_000, 7_000]);
    assert.equal(times.length, 50 + 2 + 50);
  });

  /** Measures against an exact limit of `rate` requests per second, like our server's, with or without RateLimit. */
  async function measure(callers: number, callsEach: number, rate: number, sendsRateLimit: boolean) {
    let tokens = rate;
    let countedAtMs = 0;
    let accepted = 0;
    const world = await startScriptedServer(({ atMs }) => {
      tokens = Math.min(rate, tokens + ((atMs - countedAtMs) * rate) / 1_000);
      countedAtMs = atMs;
      if (tokens < 1) return limited(1);
      tokens -= 1;
      accepted += 1;
      const headers = { ratelimit: `"management";r=${Math.floor(tokens)};t=1` };
      return sendsRateLimit ? { ...PAGE, headers } : PAGE;
    });
    const admin = connectAdmin(world, 0.5);
    const work = async () => {
      for (let n = 0; n < callsEach; n += 1) await admin.apps.list();
    };
    await world.run(Promise.all(Array.from({ length: callers }, work)));
    assert.equal(accepted, callers * callsEach);
    return { ratio: world.seen.length / accepted, seconds: world.clock.monotonicMs() / 1_000 };
  }

  for (const sendsRateLimit of [true, false]) {
    const how = sendsRateLimit ? 'with RateLimit' : 'without RateLimit';
    it(`30 callers of 8 calls at 20/s send at most 1.2 requests per accepted one, ${how}`, async () => {
      const { ratio } = await measure(30, 8, 20, sendsRateLimit);
      assert.ok(ratio <= 1.2, `${ratio}`);
    });

    it(`50 workers with 400 jobs at 10/s send at most 1.15 requests per job and finish in time, ${how}`, async () => {
      const { ratio, seconds } = await measure(50, 8, 10, sendsRateLimit);
      // 40 of the first 50 are rejected before anything is known: a tenth of the jobs.
      assert.ok(ratio <= 1.15, `${ratio}`);
      assert.ok(seconds < 39 * 1.1, `${seconds} s; the optimum is 39`);
    });
  }
});

it('59: queries and management continue while ingestion waits', async () => {
  const world = await startScriptedServer(({ path, method }) =>
    path === '/v1/events' && method === 'POST' ? limited(30) : PAGE,
  );
  const admin = connectAdmin(world);
  const sending = admin.events.send([{ event_name: 'a', app_user_id: 'u_1' }]).catch(() => undefined);
  await world.settle();
  await Promise.all([admin.apps.list(), admin.analytics.live(), admin.events.search()]);
  assert.equal(world.clock.monotonicMs(), 0);
  assert.equal(world.seen.length, 4);
  await world.run(sending);
});

it('clients with the same key share a gate; a client with another key has its own', async () => {
  const world = await startScriptedServer(({ headers }, n) =>
    n === 0 && headers.authorization === 'Bearer sk_1' ? limited(30) : PAGE,
  );
  const first = connectAdmin(world).apps.list();
  await world.settle();
  const second = connectAdmin(world).apps.list();
  await world.settle();
  assert.equal(world.seen.length, 1);
  const { url: baseUrl, clock, fetch } = world;
  await new AppflowAdmin({ apiKey: 'sk_2', baseUrl, clock, fetch }).apps.list();
  assert.equal(world.clock.monotonicMs(), 0);
  await world.run(Promise.all([first, second]));
  assert.deepEqual(timesOf(world), [0, 0, 30_000, 30_000]);
});

describe('60: when the time limit is reached', () => {
  it('the error names the category and the wait', async () => {
    const world = await startScriptedServer(inTurn(limited(200)));
    const error = await failureOf(world.run(connectAdmin(world).apps.list()));
    assert.deepEqual(timesOf(world), [0, 200_000]);
    assert.match(error.message, /"management" would have to wait another 200 s/);
    assert.deepEqual(
      [error.code, error.status, error.requestId, error.retryAfterMs],
      ['rate_limited', 429, 'req_1', 200_000],
    );
  });

  it('a call that would be sent too late fails immediately, and a waiting call fails at its time limit', async () => {
    const world = await startScriptedServer(inTurn(limited(301)));
    const admin = connectAdmin(world);
    await failureOf(world.run(admin.apps.list()));
    await failureOf(world.run(admin.apps.list()));
    assert.equal(world.clock.monotonicMs(), 0);
    assert.equal(world.seen.length, 1);
    const withoutRetryAfter = await startScriptedServer(inTurn(refusal(503, 'overloaded')));
    await failureOf(withoutRetryAfter.run(connectAdmin(withoutRetryAfter).apps.list()));
    assert.ok(withoutRetryAfter.clock.monotonicMs() <= 300_000);
  });

  it('an aborted signal ends the wait with its reason', async () => {
    const world = await startScriptedServer(inTurn(limited(100)));
    const abort = new AbortController();
    const work = connectAdmin(world).apps.list({}, { signal: abort.signal });
    await world.settle();
    abort.abort(new Error('Enough.'));
    await assert.rejects(work, /Enough/);
    assert.equal(world.clock.pending(), 0);
  });

  it('the tracker never gives up: events beyond the queue size are dropped and counted', async () => {
    const world = await startScriptedServer(inTurn(limited(60)));
    const appflow = connectTracker(world, { queueSizeMax: 5 });
    const drops: unknown[] = [];
    appflow.on('drop', (drop) => drops.push(toDropLine(drop)));
    for (let n = 0; n < 8; n += 1) appflow.track(`e${n}`);
    await world.pass(10_000);
    // session_start and eight events; the queue size is five.
    assert.deepEqual(appflow.stats(), { queued: 5, sent: 0, dropped: 4 });
    assert.deepEqual(
      drops,
      ['$session_start', 'e0', 'e1', 'e2'].map((name) => `1 queue_full: ${name}`),
    );
  });
});

it('61: flush() and shutdown() return at their own timeout during a wait', async () => {
  const world = await startScriptedServer(inTurn(limited(600)));
  const appflow = connectTracker(world);
  appflow.track('app_open');
  await world.run(appflow.flush({ timeoutMs: 3_000 }));
  assert.equal(world.clock.monotonicMs(), 3_000);
  await world.run(appflow.shutdown({ timeoutMs: 2_000 }));
  assert.equal(world.clock.monotonicMs(), 5_000);
  assert.equal(world.clock.pending(), 0);
  assert.equal(world.seen.length, 1);
});

it('one stream too many waits alone: queries continue', async () => {
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

it('parallel rejections with an absurd Retry-After wait for at most a day', async () => {
  for (const seconds of ['9999999999', '9'.repeat(400)]) {
    const world = await startScriptedServer((_seen, n) => (n < 2 ? limited(seconds) : PAGE));
    const admin = connectAdmin(world, 0, 10_000_000);
    const calls = [admin.apps.list(), admin.apps.list()].map(failureOf);
    for (const error of await world.run(Promise.all(calls))) assert.equal(error.retryAfterMs, 86_400_000);
  }
});

it('at 1,000 gates, the open ones are dropped', () => {
  const clock = { ...SYSTEM_CLOCK };
  const find = (n: number) =>
    getGate({ apiKey: `sk_${n}`, baseUrl: '', clock }, 'events', () => createGate(clock, () => 0));
  const first = find(0);
  for (let n = 1; n < 999; n += 1) find(n);
  dropOpenGates(clock);
  assert.equal(find(0), first);
  find(999);
  dropOpenGates(clock);
  assert.notEqual(find(0), first);
});
