import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Initialized } from '../../src/cli/init-text.ts';
import { embedded } from '../../src/warehouse/engine/embedded.ts';
import { openGateway } from '../../src/warehouse/engine/gateway.ts';
import { migrate } from '../../src/warehouse/migrate.ts';
import type { Target } from '../attacks/attack.ts';
import { heavyQueries } from '../attacks/heavy-queries.ts';
import { initByCli, startCli } from '../support/child-processes.ts';
import { type ChildServer, startChildServer } from '../support/child-server.ts';
import { makeTempDir } from '../support/harness.ts';
import { readRssMb } from '../support/watch-server.ts';

const EVENTS = 600_000;
const ATTACK_MS = 15_000;
const ROLLUP_MS = 12_000;
/** 100 MB a query. */
const QUERY_MEMORY = '400MB';
/** Of queries, and of what is outside their limit: answers on their way, the page in memory, the allocator's slack. */
const GROWTH_MB_MAX = 400 + 450;
/** What V8 and the allocators keep afterwards, and use again: measured 340 to 370 MB, of which V8's heap is 150 MB. */
const KEPT_MB_MAX = 450;
/** On a machine of its own it is milliseconds; a shared one may be ten times as slow. */
const PROBE_MS_MAX = 3_000;

/** Stores events that each have property values of their own. */
async function fillStore(dataDir: string, { project_id, app_id }: Initialized): Promise<void> {
  const gateway = await openGateway(embedded(join(dataDir, 'events')), { size: 1, waitingMax: 1 });
  await migrate(gateway);
  await gateway.command(`INSERT INTO events (project_id, app_id, event_id, event_name, app_user_id, timestamp,
      received_at, properties, verified, block)
    SELECT '${project_id}', '${app_id}', concat('e', toString(number)), 'screen_view',
      concat('user_', toString(number % 20000)), now64(3) - toIntervalSecond(number * 5), now64(3),
      concat('{"request":"', lower(hex(sipHash128(number))), '","note":"', repeat(lower(hex(sipHash64(number))), 12),
        '","n":', toString(number), '}'), 1, intDiv(number, 10000) + 1
    FROM numbers(${EVENTS})`);
  await gateway.close();
}

const rssMbOf = ({ process: { pid = 0 } }: ChildServer) => readRssMb(pid);

const env = { APPFLOW_DATA_DIR: makeTempDir(), APPFLOW_QUERY_MEMORY: QUERY_MEMORY };
const keys = await initByCli(env);
await fillStore(env.APPFLOW_DATA_DIR, keys);
// The ledger does not know of these events, which the first start reports.
await (await startChildServer({ ...env, LOG_LEVEL: 'fatal' })).stop();
assert.equal((await startCli(['doctor', '--accept-loss'], env).ended).code, 0);
const limits = { APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: '' };
const server = await startChildServer({ ...env, ...limits, LOG_LEVEL: 'fatal' });

/** Attacks while it probes and stores events. Returns what became of the attack, the slowest probe and the peak of memory. */
async function attackOnce(target: Target, clientKey: string, name: string) {
  const stop = AbortSignal.timeout(ATTACK_MS);
  const attack = heavyQueries.run(target, stop);
  let [peakMb, slowestMs, stored] = [0, 0, 0];
  while (!stop.aborted) {
    const startedAt = performance.now();
    const ready = await server.call('GET', '/readyz');
    assert.equal(ready.body.status, 'ok', ready.text);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    const events = [{ event_id: `${name}-${stored}`, event_name: 'opened', app_user_id: 'u1' }];
    const { status, text } = await server.call('POST', '/v1/events', { key: clientKey, body: { events } });
    assert.equal(status, 200, text);
    stored += 1;
    peakMb = Math.max(peakMb, rssMbOf(server));
    await setTimeout(50);
  }
  return { outcome: await attack, slowestMs, peakMb };
}

test('five expensive queries at a time, half of them abandoned, delay neither probe nor writer and take bounded memory', async () => {
  const { app_id: appId, server_key, client_key, read_only_key: readKey } = keys;
  const person = { email: '', password: '' };
  const target = { url: server.url, serverKey: server_key, clientKey: client_key, readKey, appId, person };
  await server.call('GET', `/v1/analytics/daily?app_id=${appId}&days=7`, { key: readKey });
  // Until the days of all events are rolled up, which takes memory of its own.
  await setTimeout(ROLLUP_MS);
  const beforeMb = rssMbOf(server);
  // What is kept after the first attack serves the second one.
  for (const attack of ['first', 'second']) {
    const { outcome, slowestMs, peakMb } = await attackOnce(target, client_key, attack);
    assert.doesNotMatch(outcome, /500/);
    assert.match(outcome, /422/, 'some need more memory than one query may use');
    assert.ok(slowestMs < PROBE_MS_MAX, `/readyz took ${slowestMs} ms`);
    assert.ok(peakMb - beforeMb < GROWTH_MB_MAX, `${attack}: ${beforeMb} MB grew to ${peakMb} MB`);
  }
  const until = performance.now() + 10_000;
  while (rssMbOf(server) - beforeMb > KEPT_MB_MAX && performance.now() < until) await setTimeout(100);
  assert.ok(rssMbOf(server) - beforeMb < KEPT_MB_MAX, `${beforeMb} MB, then ${rssMbOf(server)} MB`);
  const small = await server.call('GET', `/v1/analytics/daily?app_id=${appId}&days=7`, { key: readKey });
  assert.equal(small.status, 200, small.text);
});
