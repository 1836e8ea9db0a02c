import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { openLog } from '../src/lib/log.ts';
import { createLimiter, type Limiter } from '../src/limits/limiter.ts';
import { openRedisStore } from '../src/limits/redis/redis.ts';
import { startRedis } from '../test/limits/redis/redis-server.ts';
import { describeRun, median } from './report.ts';

// Compares the limiter with rate-limiter-flexible, in memory and in Redis, then measures the memory of buckets.
// Run: node --expose-gc bench/limits.ts

const ROUNDS = 5;
const KEYS = 10_000;
const WIDE = { rate: 1_000_000, burst: 1_000_000 };

type Contender = { name: string; decide: (keyId: string) => unknown };

const keyIds = Array.from(
  { length: KEYS },
  (_, index) => `key_01K5Z8QJ3V7T2M${String(index).padStart(12, '0')}`,
);

/** Decides sequentially in each of several lanes. Returns decisions per second and CPU microseconds per decision. */
async function measure({ decide }: Contender, decisions: number, lanes: number) {
  let next = 0;
  const lane = async () => {
    while (next < decisions) {
      const answer = decide(keyIds[next++ % KEYS] ?? '');
      if (answer instanceof Promise) await answer;
    }
  };
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (decisions * 1000) / (performance.now() - startMs),
    cpuUs: (user + system) / decisions,
  };
}

/** Prints the medians of interleaved rounds, each compared with the last contender. */
async function compare(title: string, contenders: Contender[], decisions: number, lanes: number) {
  for (const contender of contenders) await measure(contender, decisions / 4, lanes);
  const runs = contenders.map((): Awaited<ReturnType<typeof measure>>[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      runs[index]?.push(await measure(contender, decisions, lanes));
    }
  }
  const rows = runs.map((run) => ({
    perSecond: median(run.map(({ perSecond }) => perSecond)),
    cpuUs: median(run.map(({ cpuUs }) => cpuUs)),
  }));
  const peer = rows.at(-1)?.perSecond ?? Number.NaN;
  console.log(`\n${title}, ${lanes} at a time`);
  for (const [index, { perSecond, cpuUs }] of rows.entries()) {
    const name = contenders[index]?.name.padEnd(34);
    const rate = Math.round(perSecond).toLocaleString('en').padStart(11);
    console.log(
      `${name}${rate}/s  ${cpuUs.toFixed(2).padStart(6)} µs CPU  × ${(perSecond / peer).toFixed(2)}`,
    );
  }
}

const chargeOne = (limiter: Limiter) => (keyId: string) =>
  limiter.charge({ keyId, callerType: 'server', category: 'analytics' });
const chargeTwo = (limiter: Limiter) => (keyId: string) =>
  limiter.charge({ keyId, callerType: 'server', category: 'events', events: 50 });

const chargeFour = (limiter: Limiter) => (keyId: string) =>
  limiter.charge({ keyId, callerType: 'client', category: 'events', events: 50, network: '192.0.2.1' });

const overrides = {
  analytics: WIDE,
  events: { rate: 100_000_000, burst: 100_000_000 },
  'events-requests': WIDE,
  'events-ip': { rate: 100_000_000, burst: 100_000_000 },
  'events-ip-requests': WIDE,
};
console.log(
  describeRun(
    'Limiter',
    `${ROUNDS} interleaved rounds over ${KEYS} keys, nobody denied, medians; × of the peer`,
  ),
);

const memory = createLimiter({ overrides });
const peerMemory = new RateLimiterMemory({ points: 1_000_000_000, duration: 60 });
const inMemory: Contender[] = [
  { name: 'memory, one limit, headers', decide: chargeOne(memory) },
  { name: 'memory, two limits, headers', decide: chargeTwo(memory) },
  { name: 'memory, four limits, headers', decide: chargeFour(memory) },
  { name: 'rate-limiter-flexible, one limit', decide: (keyId) => peerMemory.consume(keyId) },
];
await compare('In memory', inMemory, 200_000, 1);

await using redis = await startRedis();
const store = await openRedisStore({ url: redis.url, log: openLog('warn') });
const shared = createLimiter({ overrides, store });
const peerRedis = new RateLimiterRedis({ storeClient: redis.client, points: 1_000_000_000, duration: 60 });
const inRedis: Contender[] = [
  { name: 'Redis, one limit, headers', decide: chargeOne(shared) },
  { name: 'Redis, two limits, headers', decide: chargeTwo(shared) },
  { name: 'Redis, four limits, headers', decide: chargeFour(shared) },
  { name: 'rate-limiter-flexible, one limit', decide: (keyId) => peerRedis.consume(keyId) },
];
await compare('In Redis on this machine', inRedis, 40_000, 64);
const { callsFailed, localDecisions } = store.report();
console.log(`${callsFailed} calls not answered in 50 ms, ${localDecisions} decisions made alone`);
await store.close();

console.log();
for (const subject of ['keys', 'keys-redis', 'keys-peer', 'addresses']) {
  const { status } = spawnSync(
    process.execPath,
    ['--expose-gc', join(import.meta.dirname, 'limits-memory.ts'), subject],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exitCode = 1;
}
