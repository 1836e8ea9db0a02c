import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { openLog } from '../src/lib/log.ts';
import { createLimiter, type Limiter } from '../src/limits/limiter.ts';
import { openRedisStore } from '../src/limits/redis/redis.ts';
import { startRedis } from '../test/limits/redis/redis-server.ts';

// Measures the memory of buckets, one process per subject. Run by bench/limits.ts.

const KEYS = 1_000_000;
const ADDRESSES = 10_000_000;
/** Calls in flight, so that Redis stays busy. */
const LANES = 64;

const subject = process.argv[2];
let nowUs = 0;

function measureMemoryMb(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

const print = (name: string, value: number, unit: string) =>
  console.log(`${name.padEnd(56)}${value.toFixed(1).padStart(9)} ${unit}`);

const idOf = (index: number) => `many_01K5Z8QJ3V7T2M${String(index).padStart(12, '0')}`;

/**
 * Charges each key once. The longest call is the longest delay of one request, including building the id. In
 * `longestCpuMs` only this thread's own CPU time counts, not time the machine spent on other processes.
 */
async function chargeAll(
  charge: (keyId: string) => unknown,
): Promise<{ longestMs: number; longestCpuMs: number; mb: number }> {
  const beforeMb = measureMemoryMb();
  let next = 0;
  let longestMs = 0;
  let longestCpuMs = 0;
  const lane = async () => {
    while (next < KEYS) {
      const cpu = process.threadCpuUsage();
      const startMs = performance.now();
      const answer = charge(idOf(next++));
      longestMs = Math.max(longestMs, performance.now() - startMs);
      const { user, system } = process.threadCpuUsage(cpu);
      longestCpuMs = Math.max(longestCpuMs, (user + system) / 1000);
      if (answer instanceof Promise) await answer;
      // Decided without waiting: let the event loop read from sockets from time to time.
      else if (next % 1000 === 0) await nextTurn();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { longestMs, longestCpuMs, mb: measureMemoryMb() - beforeMb };
}

const chargeOf = (limiter: Limiter) => (keyId: string) =>
  limiter.charge({ keyId, callerType: 'server', category: 'analytics' });

async function weighKeys(): Promise<void> {
  const limiter = createLimiter({ nowUs: () => nowUs });
  const beforeMb = measureMemoryMb();
  const { longestMs, longestCpuMs, mb } = await chargeAll(chargeOf(limiter));
  print(`memory: ${limiter.countBuckets()} buckets with their ids`, mb, 'MB');
  print('memory: longest of those calls', longestMs, 'ms');
  print('memory: longest of those calls, CPU', longestCpuMs, 'ms');
  nowUs += 3_600_000_000;
  for (let call = 0; call < KEYS && limiter.countBuckets() > 1; call += 1)
    await chargeOf(limiter)('key_alive');
  print('memory: left once all are full again', measureMemoryMb() - beforeMb, 'MB');
}

async function weighKeysInRedis(): Promise<void> {
  await using redis = await startRedis();
  const store = await openRedisStore({ url: redis.url, log: openLog('warn'), nowUs: () => nowUs });
  const limiter = createLimiter({ store, overrides: { analytics: { rate: 0.01, burst: 60 } } });
  const charge = chargeOf(limiter);
  const { longestMs, longestCpuMs, mb } = await chargeAll(async (keyId) => {
    // On a busy machine Redis may be late once; only the calls it answers are measured.
    while (store.report().problem !== undefined) await sleep(5);
    return charge(keyId);
  });
  print(`Redis: ${limiter.countBuckets()} warm buckets in the process, with their ids`, mb, 'MB');
  print('Redis: longest of those calls, without the round trip', longestMs, 'ms');
  print('Redis: longest of those calls, CPU', longestCpuMs, 'ms');
  const used = /^used_memory:(\d+)/m.exec(await redis.client.info('memory'))?.[1];
  print(`Redis: ${await redis.client.dbsize()} keys in the server`, Number(used) / 1e6, 'MB');
  await store.close();
}

async function weighPeer(): Promise<void> {
  const peer = new RateLimiterMemory({ points: 60, duration: 3_600 });
  const { longestMs, longestCpuMs, mb } = await chargeAll((keyId) => peer.consume(keyId));
  print(`rate-limiter-flexible, memory: ${KEYS} keys with their ids`, mb, 'MB');
  print('rate-limiter-flexible: longest of those calls', longestMs, 'ms');
  print('rate-limiter-flexible: longest of those calls, CPU', longestCpuMs, 'ms');
}

/** Fails authentication from a new address each time, after one address has already been blocked. */
async function weighAddresses(): Promise<void> {
  const limiter = createLimiter({ nowUs: () => nowUs });
  for (let call = 0; call < 40; call += 1) await limiter.chargeFailedAuthentication('offender');
  const beforeMb = measureMemoryMb();
  let mostMb = 0;
  for (let index = 0; index < ADDRESSES; index += 1) {
    const address = `2001:db8:${(index >>> 16).toString(16)}:${(index & 0xffff).toString(16)}::/64`;
    await limiter.chargeFailedAuthentication(address);
    if (index % 1_000_000 === 0) mostMb = Math.max(mostMb, measureMemoryMb() - beforeMb);
  }
  print(`memory: most held while ${ADDRESSES} addresses came at once`, mostMb, 'MB');
  const wait = await limiter.chargeFailedAuthentication('offender');
  console.log(`memory: the blocked offender among them is ${wait === undefined ? 'FREE' : 'still blocked'}`);
  if (wait === undefined) process.exitCode = 1;
}

const subjects: Record<string, () => Promise<void>> = {
  keys: weighKeys,
  'keys-redis': weighKeysInRedis,
  'keys-peer': weighPeer,
  addresses: weighAddresses,
};
await subjects[subject ?? '']?.();
// The peer keeps one timer per key.
process.exit();
