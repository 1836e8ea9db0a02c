import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  connectAdmin,
  connectTracker,
  failureOf,
  inTurn,
  PAGE,
  timesOf,
} from '../../../test/client/scripted-clients.ts';
import { limited, refusal, startScriptedServer, stored } from '../../../test/client/scripted-server.ts';

describe('54: 429 with Retry-After 2, 2, 2, then 200', () => {
  const script = inTurn(limited(2), limited(2), limited(2), PAGE, limited(2), PAGE);

  it('waits 2, 4 and 8 s, and 2 s again after a success', async () => {
    const world = await startScriptedServer(script);
    const admin = connectAdmin(world);
    await world.run(admin.apps.list());
    assert.deepEqual(timesOf(world), [0, 2_000, 6_000, 14_000]);
    await world.run(admin.apps.list());
    assert.deepEqual(timesOf(world).slice(4), [14_000, 16_000]);
  });

  it('jitters upward only, by at most 10 % and 1 s, excluded from the doubling', async () => {
    const world = await startScriptedServer(script);
    await world.run(connectAdmin(world, 1).apps.list());
    assert.deepEqual(timesOf(world), [0, 2_200, 6_600, 15_400]);
    const slow = await startScriptedServer(inTurn(limited(50), PAGE));
    await slow.run(connectAdmin(slow, 1).apps.list());
    assert.deepEqual(timesOf(slow), [0, 51_000]);
  });

  it('applies to the tracker too, with the same events', async () => {
    const world = await startScriptedServer((seen, n) => (n < 3 ? limited(2) : stored(seen.body)));
    const appflow = connectTracker(world);
    appflow.track('app_open');
    await world.run(appflow.flush({ timeoutMs: 60_000 }));
    assert.deepEqual(timesOf(world), [0, 2_000, 6_000, 14_000]);
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 2, dropped: 0 });
  });
});

it('55: waits for Retry-After 120, beyond the 60 s cap of the doubling', async () => {
  const world = await startScriptedServer(inTurn(limited(120), limited(1), PAGE));
  await world.run(connectAdmin(world).apps.list());
  assert.deepEqual(timesOf(world), [0, 120_000, 180_000]);
});

describe('56: without Retry-After', () => {
  const withoutRetryAfter = refusal(429, 'rate_limited');
  const script = inTurn(...Array.from({ length: 8 }, () => withoutRetryAfter), PAGE);
  const gaps = (times: number[]) => times.slice(1).map((time, n) => time - (times[n] ?? 0));

  it('waits 1 s, doubling up to 60 s, half of it random', async () => {
    const least = await startScriptedServer(script);
    await least.run(connectAdmin(least, 0).apps.list());
    assert.deepEqual(gaps(timesOf(least)), [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    const most = await startScriptedServer(script);
    await most.run(connectAdmin(most, 1).apps.list());
    assert.deepEqual(gaps(timesOf(most)), [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });
});

describe('57: Retry-After with a date, empty or invalid', () => {
  const inSeconds = (seconds: number) =>
    new Date(Date.parse('2026-11-22T10:00:00Z') + seconds * 1_000).toUTCString();
  const cases: [header: string, waitMs: number][] = [
    [inSeconds(7), 7_000],
    [inSeconds(-7), 250],
    ['Sun Nov 22 10:00:07 2026', 7_000],
    ['Sunday, 22-Nov-26 10:00:07 GMT', 7_000],
    ['0', 250],
    ['-5', 500],
    ['abc', 500],
    ['2.5', 500],
    ['', 500],
    [' 3 ', 3_000],
  ];
  for (const [header, waitMs] of cases) {
    it(`"${header}" waits ${waitMs} ms, and longer after the next rejection`, async () => {
      const world = await startScriptedServer(inTurn(limited(header), limited(header), PAGE));
      await world.run(connectAdmin(world).apps.list());
      const [, second = 0, third = 0] = timesOf(world);
      assert.equal(second, waitMs);
      assert.ok(third - second >= waitMs && third - second >= 250, `${third - second}`);
    });
  }

  it("measures a date from the response's own Date, so that a wrong clock does not matter", async () => {
    const date = 'Sun, 22 Nov 2026 10:00:00 GMT';
    const world = await startScriptedServer(
      inTurn(refusal(429, 'rate_limited', { date, 'retry-after': 'Sun, 22 Nov 2026 10:00:09 GMT' }), PAGE),
    );
    world.clock.jump(-3_600_000);
    await world.run(connectAdmin(world).apps.list());
    assert.deepEqual(timesOf(world), [0, 9_000]);
  });

  it('more than an hour, including ten digits, fails immediately', async () => {
    for (const seconds of [3_601, 9_999_999_999]) {
      const world = await startScriptedServer(inTurn(limited(seconds), PAGE));
      const error = await failureOf(world.run(connectAdmin(world, 0, 10_000_000).apps.list()));
      assert.equal(world.clock.monotonicMs(), 0);
      assert.deepEqual([error.code, error.status], ['rate_limited', 429]);
      assert.equal(error.retryAfterMs, Math.min(seconds * 1_000, 86_400_000));
    }
    const world = await startScriptedServer(inTurn(limited(3_600), PAGE));
    await world.run(connectAdmin(world, 0, 10_000_000).apps.list());
    assert.deepEqual(timesOf(world), [0, 3_600_000]);
  });

  it('is reported by the tracker, which waits as long as the server asks', async () => {
    const world = await startScriptedServer((seen, n) => (n === 0 ? limited(7_200) : stored(seen.body)));
    const appflow = connectTracker(world);
    const waits: (number | undefined)[] = [];
    appflow.on('error', ({ retryAfterMs }) => waits.push(retryAfterMs));
    appflow.track('app_open');
    await world.pass(1_000);
    assert.deepEqual(waits, [7_200_000]);
    world.clock.fireNext();
    await world.settle();
    assert.deepEqual(timesOf(world), [150, 7_200_150]);
  });
});
