import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cleanUp } from '../../support/clean-up.ts';
import { findFreePort } from '../../support/free-port.ts';
import { startProxy } from '../../support/tcp-proxy.ts';
import { NEEDS_REDIS, startRedis, type TestRedis } from './redis-server.ts';
import { type Fault, LEFT, requireSteady, startLimitedServer, waitForStatus } from './redis-under-load.ts';

const PASSWORD = 'never-to-be-read-in-a-log';
/** Calls that wait for Redis would show up in every quantile. */
const FAULT_MS = 3_000;

const port = await findFreePort();
const proxy = await startProxy(port);
cleanUp(() => proxy[Symbol.asyncDispose]());
const limited = await startLimitedServer(`redis://:${PASSWORD}@127.0.0.1:${proxy.port}`);
const { server } = limited;

const startHere = () => startRedis(['--requirepass', PASSWORD], port);

const readMetric = async (name: string) => {
  const { text } = await server.call('GET', '/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

/** `break` returns a function that mends it and resolves with the Redis to use from then on. */
type RedisFault = Omit<Fault<TestRedis>, 'break'> & {
  break: (redis: TestRedis) => Promise<() => Promise<TestRedis>>;
};

const FAULTS: readonly RedisFault[] = [
  {
    name: 'killed',
    lastsMs: FAULT_MS,
    passing: LEFT,
    async break(redis) {
      await redis[Symbol.asyncDispose]();
      return startHere;
    },
  },
  {
    name: 'frozen',
    lastsMs: FAULT_MS,
    passing: LEFT,
    async break(redis) {
      redis.freeze();
      return async () => {
        redis.thaw();
        return redis;
      };
    },
  },
  {
    name: '200 ms late',
    lastsMs: FAULT_MS,
    passing: LEFT,
    async break(redis) {
      proxy.setDelay(200);
      return async () => {
        proxy.setDelay(0);
        return redis;
      };
    },
  },
  {
    name: 'flushed',
    lastsMs: FAULT_MS,
    // Redis forgot everything. A call Redis is late for, as on a busy machine, is decided from what the process
    // knows.
    passing: { least: 8, most: 20 },
    async break(redis) {
      await redis.client.flushall();
      return async () => redis;
    },
  },
  {
    name: 'read-only',
    lastsMs: FAULT_MS,
    passing: LEFT,
    async break(redis) {
      await redis.client.replicaof('127.0.0.1', await findFreePort());
      return async () => {
        await redis.client.replicaof('NO', 'ONE');
        return redis;
      };
    },
  },
];

const startedAtMs = performance.now();

describe('a server whose limits are in Redis', NEEDS_REDIS, () => {
  test('36: starts without Redis, reports it, enforces limits under load, and recovers when Redis comes up', async (context) => {
    const ready = await server.call('GET', '/readyz');
    assert.equal(ready.status, 200);
    assert.equal(ready.body.status, 'degraded');
    assert.match(ready.body.warnings.join(), /Redis does not answer/);
    assert.equal(await readMetric('appflow_ratelimit_degraded'), 1);
    const missing = { name: 'missing at the start', lastsMs: FAULT_MS, passing: LEFT };
    await using _redis = await requireSteady(context, limited, {
      ...missing,
      break: async () => startHere,
    });
    // Redis may have been late again meanwhile on a busy machine.
    await waitForStatus(server, 'ok', 5_000);
    assert.equal(await readMetric('appflow_ratelimit_degraded'), 0);
    assert.equal(await readMetric('appflow_ratelimit_processes'), 1);
  });

  for (const fault of FAULTS) {
    test(`30–35: under load, ${fault.name}: no 5xx, no request waits for Redis, the limit is enforced, and it recovers`, async (context) => {
      const redis = await startHere();
      await waitForStatus(server, 'ok', 5_000);
      await using _mended = await requireSteady(context, limited, {
        ...fault,
        break: () => fault.break(redis),
      });
    });
  }

  test('logs each change once, and never the password', async () => {
    const output = server.output();
    const changes = output.match(/rate limits: Redis (answers again|does not answer)/g) ?? [];
    assert.deepEqual(
      changes.map((line, index) => line === changes[index - 1]),
      changes.map(() => false),
      'one after the other',
    );
    // An open breaker stays open for a second: however late Redis is, there are at most two lines per second.
    const seconds = Math.ceil((performance.now() - startedAtMs) / 1_000);
    assert.ok(changes.length <= 2 * seconds, `${changes.length} lines in ${seconds} s`);
    assert.ok(!output.includes(PASSWORD));
    const { code, ms } = await server.stop();
    assert.equal(code, 0);
    assert.ok(ms < 5_000, `${ms} ms`);
  });
});
