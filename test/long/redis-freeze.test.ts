import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { quantile } from '../../bench/report.ts';
import { NEEDS_REDIS, startRedis } from '../limits/redis/redis-server.ts';
import { oneUnit, openStore, requireHealed, startLoad, waitUntil } from '../limits/redis/redis-store.ts';
import { LEFT, requireSteady, startLimitedServer, waitForStatus } from '../limits/redis/redis-under-load.ts';

const FREEZE_MS = 30_000;
/** A call that waits for Redis takes at least this long. On any machine, 99 % of the others take less. */
const ANSWER_MS = 50;
/** Far below the memory of 30 s of waiting calls, above that of the recorded times. */
const GROWTH_MB_MAX = 40;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

// Concurrent: each has its own Redis, and both wait for the same 30 s.
describe('when Redis is frozen for 30 s', { ...NEEDS_REDIS, concurrency: true }, () => {
  test('31: one probe per second waits and no other call, memory stays flat, and the limiter recovers', async (context) => {
    await using redis = await startRedis();
    const store = await openStore(redis.url);
    const wide = { rate: 1_000_000, burst: 1_000_000 };
    const load = startLoad(store, () => oneUnit(`key_${Math.floor(Math.random() * 100)}`, wide));
    await waitUntil(() => load.calls.length > 500, 10_000);
    redis.freeze();
    await waitUntil(() => store.report().problem !== undefined, 1_000);
    const failedBefore = store.report().callsFailed;
    const heapBefore = heapMb();
    const from = load.calls.length;
    await sleep(FREEZE_MS);
    const frozen = load.calls.slice(from).map(({ ms }) => ms);
    const failed = store.report().callsFailed - failedBefore;
    const grownMb = heapMb() - heapBefore;
    redis.thaw();
    const healedMs = await requireHealed(store);
    await load.stop();
    const p99 = quantile(frozen, 0.99);
    context.diagnostic(
      `${frozen.length} calls, p99 ${p99.toFixed(2)} ms, longest ${quantile(frozen, 1).toFixed(1)} ms`,
    );
    context.diagnostic(
      `${failed} waited in vain, heap ${grownMb.toFixed(1)} MB more, healed in ${healedMs.toFixed(0)} ms`,
    );
    assert.ok(p99 < ANSWER_MS, `p99 ${p99} ms`);
    assert.ok(failed <= 32, `${failed} calls waited`);
    assert.ok(grownMb < GROWTH_MB_MAX, `${grownMb} MB`);
  });

  test('31: over HTTP under load: no 5xx, no request waits for Redis, the limit still applies, and the limiter recovers', async (context) => {
    await using redis = await startRedis();
    const limited = await startLimitedServer(redis.url);
    await waitForStatus(limited.server, 'ok', 5_000);
    await requireSteady(context, limited, {
      name: 'frozen',
      lastsMs: FREEZE_MS,
      passing: LEFT,
      async break() {
        redis.freeze();
        return async () => redis.thaw();
      },
    });
  });
});
