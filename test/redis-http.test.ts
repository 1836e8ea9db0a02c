import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { findFreePort } from './free-port.ts';
import { NEEDS_REDIS, startProxy, startRedis, type TestRedis } from './redis-server.ts';
import { type Fault, LEFT, requireSteady, startLimitedServer, waitForStatus } from './redis-under-load.ts';

const PASSWORD = 'never-to-be-read-in-a-log';
/** The calls that wait for Redis would be seen in every quantile. */
const FAULT_MS = 3_000;

const port = await findFreePort();
const proxy = await startProxy(port);
after(() => proxy[Symbol.asyncDispose]());
const limited = await startLimitedServer(`redis://:${PASSWORD}@127.0.0.1:${proxy.port}`);
const { server } = limited;

const startHere = () => startRedis(['--requirepass', PASSWORD], port);

const readMetric = async (name: string) => {
  const { text } = await server.call('GET', '/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

/** Mending returns the Redis that there is from then on. */
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
    // All were forgotten; a call that Redis is late for, as on a busy machine, is judged by what the process knows.
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
  test('36: starts without Redis, says so, keeps the limits under load, and heals when Redis comes', async (context) => {
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
    // A busy machine may have been late again meanwhile.
    await waitForStatus(server, 'ok', 5_000);
    assert.equal(await readMetric('appflow_ratelimit_degraded'), 0);
    assert.equal(await readMetric('appflow_ratelimit_processes'), 1);
  });

  for (const fault of FAULTS) {
    test(`30–35: under load, ${fault.name}: no 5xx, nobody waits for Redis, the limit holds, and it heals`, async (context) => {
      const redis = await startHere();
      await waitForStatus(server, 'ok', 5_000);
      await using _mended = await requireSteady(context, limited, {
        ...fault,
        break: () => fault.break(redis),
      });
    });
  }

  test('tells each change once, and never the password', async () => {
    const output = server.output();
    const told = output.match(/rate limits: Redis (answers again|does not answer)/g) ?? [];
    assert.deepEqual(
      told.map((line, index) => line === told[index - 1]),
      told.map(() => false),
      'one after the other',
    );
    // An open breaker stays open for a second: however late Redis is, two lines a second at most.
    const seconds = Math.ceil((performance.now() - startedAtMs) / 1_000);
    assert.ok(told.length <= 2 * seconds, `${told.length} lines in ${seconds} s`);
    assert.ok(!output.includes(PASSWORD));
    const { code, ms } = await server.stop();
    assert.equal(code, 0);
    assert.ok(ms < 5_000, `${ms} ms`);
  });
});
