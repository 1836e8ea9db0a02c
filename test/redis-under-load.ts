import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../bench/report.ts';
import { initByCli } from './child-processes.ts';
import { type ChildServer, startChildServer } from './child-server.ts';
import { makeTempDir } from './harness.ts';

/** A server whose limits are in Redis, and the key that its callers show. */
export type LimitedServer = { server: ChildServer; key: string };

/** Something that befalls Redis while a server uses it. */
export type Fault<T> = {
  name: string;
  lastsMs: number;
  /** Calls that pass of 30, when 12 of 20 are spent before it breaks: the process alone knows of them. */
  passing: { least: number; most: number };
  /** Breaks it and returns what mends it. */
  break: () => Promise<() => Promise<T>>;
};

/** What is left of 20 when 12 are spent, as the process knows by itself. */
export const LEFT = { least: 8, most: 8 };

const CALLERS = 4;
/** How long the load goes on once all is well again, to tell what the machine takes from what the fault does. */
const WELL_MS = 2_000;
/** Healed within 2 s, and a second more where a busy machine lets the probe of a second wait too long. */
const HEALED_MS_MAX = 3_000;
const P99_MS_MAX = 100;
/** Far above what a call waits for Redis, 50 ms, and below the time it is broken. */
const UNHELD_MS = 1_000;

/** Starts a server of a data folder of its own, whether Redis is there or not; `env` beside what it always has. */
export async function startLimitedServer(
  redisUrl: string,
  env: Record<string, string> = {},
): Promise<LimitedServer> {
  const dataDir = makeTempDir();
  const { server_key: key } = await initByCli({ APPFLOW_DATA_DIR: dataDir });
  const server = await startChildServer({
    APPFLOW_DATA_DIR: dataDir,
    REDIS_URL: redisUrl,
    APPFLOW_LIMIT_MANAGEMENT: '100000/100000',
    LOG_LEVEL: 'info',
    ...env,
  });
  return { server, key };
}

/** Resolves with the milliseconds until `/readyz` says so. */
export async function waitForStatus(server: ChildServer, status: string, limitMs: number): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    const { body } = await server.call('GET', '/readyz');
    if (body.status === status) return performance.now() - startMs;
    assert.ok(performance.now() - startMs < limitMs, `not ${status} within ${limitMs} ms: ${body.warnings}`);
    await sleep(10);
  }
}

/** Calls without pause on each of several connections until told to stop. */
function startLoad({ server, key }: LimitedServer) {
  let isOver = false;
  const answers: { status: number; ms: number; atMs: number }[] = [];
  const call = async () => {
    while (!isOver) {
      const atMs = performance.now();
      const { status } = await server.call('GET', '/v1/api-keys/self', { key });
      answers.push({ status, ms: performance.now() - atMs, atMs });
    }
  };
  const done = Promise.all(Array.from({ length: CALLERS }, call));
  return {
    async stop() {
      isOver = true;
      await done;
      return answers;
    },
  };
}

/** Returns the function that asks with a key of 20 calls, 12 of which are spent, and resolves with the status. */
async function makeLimitedCaller({ server, key }: LimitedServer): Promise<() => Promise<number>> {
  const rate_limits = { management: { requests: { rate: 0.001, burst: 20 } } };
  const body = { name: 'Limited', type: 'read_only', rate_limits };
  const limited = (await server.call('POST', '/v1/api-keys', { key, body })).body.key;
  const ask = async () => (await server.call('GET', '/v1/api-keys/self', { key: limited })).status;
  for (let call = 0; call < 12; call += 1) assert.equal(await ask(), 200);
  return ask;
}

/**
 * Requires that under load, while the fault lasts, every answer is 200, nobody waits for Redis and a limit holds by what
 * the process knows, and that it heals. Resolves with what mending returned.
 */
export async function requireSteady<T>(context: TestContext, on: LimitedServer, fault: Fault<T>): Promise<T> {
  const ask = await makeLimitedCaller(on);
  const load = startLoad(on);
  const mend = await fault.break();
  const statuses: number[] = [];
  for (let call = 0; call < 30; call += 1) statuses.push(await ask());
  await sleep(fault.lastsMs);
  statuses.push(await ask());
  const mended = await mend();
  const healedMs = await waitForStatus(on.server, 'ok', HEALED_MS_MAX);
  const healedAtMs = performance.now();
  await sleep(WELL_MS);
  const answers = await load.stop();
  const during = answers.filter(({ atMs }) => atMs < healedAtMs).map(({ ms }) => ms);
  const well = answers.filter(({ atMs }) => atMs >= healedAtMs).map(({ ms }) => ms);
  const passed = statuses.filter((status) => status === 200).length;
  context.diagnostic(
    `${fault.name}: ${describeLatencies(during)}, healed in ${healedMs.toFixed(0)} ms, ${passed} passed; then well: ${describeLatencies(well)}`,
  );
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.deepEqual([...new Set(statuses)], [200, 429]);
  assert.equal(statuses.at(-1), 429, 'to the end');
  assert.ok(passed >= fault.passing.least && passed <= fault.passing.most, `${passed} passed`);
  // A machine that is too busy when all is well is no better during a fault.
  const p99MsMax = Math.min(UNHELD_MS, Math.max(P99_MS_MAX, 3 * quantile(well, 0.99)));
  assert.ok(quantile(during, 0.99) < p99MsMax, `p99 of ${p99MsMax.toFixed(0)} ms at the most`);
  return mended;
}

function describeLatencies(ms: readonly number[]): string {
  const [p50, p99, longest] = [0.5, 0.99, 1].map((p) => quantile(ms, p).toFixed(1));
  return `${ms.length} answers, p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms`;
}
