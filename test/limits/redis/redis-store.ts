import assert from 'node:assert/strict';

import { setTimeout as sleep } from 'node:timers/promises';
import { openLog } from '../../../src/lib/log.ts';
import { createLimit, type PolicyRate } from '../../../src/limits/gcra/limit.ts';
import type { BucketCharge } from '../../../src/limits/gcra/store.ts';
import { openRedisStore, type RedisStore, type RedisStoreOptions } from '../../../src/limits/redis/redis.ts';
import { cleanUp } from '../../support/clean-up.ts';

/** A store under test, with its log. */
export type OpenStore = RedisStore & { lines: string[] };

/** Opens a store that is closed when the test file ends. */
export async function openStore(
  url: string,
  options: Omit<RedisStoreOptions, 'url' | 'log'> = {},
): Promise<OpenStore> {
  const lines: string[] = [];
  const log = openLog('warn', (line) => line, { write: (line) => lines.push(line) });
  const store = await openRedisStore({ url, log, ...options });
  cleanUp(store.close);
  return { ...store, lines };
}

/** Returns one unit of a key's `analytics`, by default at a rate that hardly refills. */
export function oneUnit(
  bucket: string,
  rate: PolicyRate = { rate: 1, perSeconds: 86_400, burst: 100 },
): BucketCharge[] {
  return [{ limit: createLimit('analytics', rate), cost: 1, bucket }];
}

/** Spends until a charge is denied and returns how many were allowed. */
export async function countPassing(store: RedisStore, charges: readonly BucketCharge[]): Promise<number> {
  let passed = 0;
  while ((await store.charge(charges)).allowed) passed += 1;
  return passed;
}

/** Resolves with the milliseconds until `holds` returns true; fails after `limitMs`. */
export async function waitUntil(isDone: () => boolean, limitMs: number): Promise<number> {
  const startMs = performance.now();
  while (!isDone()) {
    assert.ok(performance.now() - startMs < limitMs, `not within ${limitMs} ms: ${isDone}`);
    await sleep(5);
  }
  return performance.now() - startMs;
}

/** Resolves with the time until a healthy Redis is used again; fails when that is 2 s or more. */
export const requireHealed = (store: RedisStore): Promise<number> =>
  waitUntil(() => store.report().problem === undefined, 2_000);

/** Charges with this many callers in parallel until stopped. Resolves with each call's milliseconds, in order. */
export function startLoad(store: RedisStore, charges: () => readonly BucketCharge[], callers = 8) {
  let isOn = true;
  const calls: { ms: number; isAllowed: boolean }[] = [];
  const call = async () => {
    while (isOn) {
      const startMs = performance.now();
      const { allowed } = await store.charge(charges());
      calls.push({ ms: performance.now() - startMs, isAllowed: allowed });
      // Local decisions take no turn of the event loop: let time pass.
      await sleep(1);
    }
  };
  const done = Promise.all(Array.from({ length: callers }, call));
  return {
    calls,
    async stop() {
      isOn = false;
      await done;
      return calls;
    },
  };
}
