import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../../bench/report.ts';
import { initByCli } from '../../support/child-processes.ts';
import { type ChildServer, startChildServer } from '../../support/child-server.ts';
import { makeTempDir } from '../../support/harness.ts';

/** A server whose limits are in Redis, and the key its callers use. */
export type LimitedServer = { server: ChildServer; key: string };

/** A fault of Redis that occurs while a server uses it. */
export type Fault<T> = {
  name: string;
  lastsMs: number;
  /** Calls allowed out of 30, when 12 of 20 were spent before the fault: only the process knows about them. */
  passing: { least: number; most: number };
  /** Causes the fault and returns what mends it. */
  break: () => Promise<() => Promise<T>>;
};

/** What is left of 20 when 12 are spent, as far as the process itself knows. */
export const LEFT = { least: 8, most: 8 };

const CALLERS = 4;
/** How long the load continues after recovery, to separate the effect of the machine from that of the fault. */
const WELL_MS = 2_000;
/** Recovered within 2 s, plus one second where a busy machine delays the probe. */
const HEALED_MS_MAX = 3_000;
const P99_MS_MAX = 100;
/** Far above the 50 ms a call waits for Redis, and below the duration of the fault. */
const UNHELD_MS = 1_000;

/** Starts a server with its own data folder, whether Redis is up or not; `env` is added to the usual variables. */
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

/** Resolves with the milliseconds until `/readyz` reports it. */
export async function waitForStatus(server: ChildServer, status: string, limitMs: number): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    const { body } = await server.call('GET', '/readyz');
    if (body.status === status) return performance.now() - startMs;
    assert.ok(performance.now() - startMs < limitMs, `not ${status} within ${limitMs} ms: ${body.warnings}`);
    await sleep(10);
  }
}

/** Sends requests without a pause on several connections until stopped. */
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

/** Returns a function that sends a request with a key of 20 calls, 12 of them spent, and resolves with the status. */
async function makeLimitedCaller({ server, key }: LimitedServer): Promise<() => Promise<number>> {
  const rate_limits = { management: { requests: { rate: 0.001, burst: 20 } } };
  const body = { name: 'Limited', type: 'read_only', rate_limits };
  const limited = (await server.call('POST', '/v1/api-keys', { key, body })).body.key;
  const callLimited = async () => (await server.call('GET', '/v1/api-keys/self', { key: limited })).status;
  for (let call = 0; call < 12; call += 1) assert.equal(await callLimited(), 200);
  return callLimited;
}

/**
 * Requires that under load, during the fault, every response is 200, no request waits for Redis and a limit is
 * enforced from what the process knows, and that it recovers. Resolves with what mending returned.
 */
export async function requireSteady<T>(context: TestContext, on: LimitedServer, fault: Fault<T>): Promise<T> {
  const callLimited = await makeLimitedCaller(on);
  const load = startLoad(on);
  const mend = await fault.break();
  const statuses: number[] = [];
  for (let call = 0; call < 30; call += 1) statuses.push(await callLimited());
  await sleep(fault.lastsMs);
  statuses.push(await callLimited());
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
  // A machine that is too busy without a fault is no better during one.
  const p99MsMax = Math.min(UNHELD_MS, Math.max(P99_MS_MAX, 3 * quantile(well, 0.99)));
  assert.ok(quantile(during, 0.99) < p99MsMax, `p99 of ${p99MsMax.toFixed(0)} ms at the most`);
  return mended;
}

function describeLatencies(ms: readonly number[]): string {
  const [p50, p99, longest] = [0.5, 0.99, 1].map((p) => quantile(ms, p).toFixed(1));
  return `${ms.length} answers, p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms`;
}
