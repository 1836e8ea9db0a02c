import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { createSecret } from '../../src/directory/secret.ts';
import { watchServices } from '../../src/http/metrics/sources.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { createShedding } from '../../src/limits/shedding.ts';
import { type Answer, connect, initProject, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

const CALM = { loopDelayMs: 0, rows: 0, isMeasured: false };
const QUEUE_MAX = { rowsMax: 100, bytes: 0, bytesMax: 100 };
const UNDER_LOAD_MS = 2_500;

/** The load the server sees: measured, or set by a test. */
const load = { ...CALM };

const config = makeConfig();
const { server_key, client_key, read_only_key, app_id } = await initProject(config);
// The limiter's clock does not move, so what is left shows what was charged.
const overrides = { ...config.limitOverrides, management: { rate: 1, burst: 100 } };
const limiter = createLimiter({ overrides, nowUs: () => 1 });
const { url, services, stop } = await startOpenServer(
  config,
  undefined,
  ({ shedding, warehouse, clock, log }) => {
    const simulated = createShedding({ readLoopDelayMs: () => load.loopDelayMs, clock, log });
    return {
      limiter,
      warehouse: { ...warehouse, queue: () => ({ ...QUEUE_MAX, rows: load.rows }) },
      shedding: {
        refuses: (...input) => (load.isMeasured ? shedding : simulated).refuses(...input),
        findProblem: (...input) => (load.isMeasured ? shedding : simulated).findProblem(...input),
        totals: () => (load.isMeasured ? shedding : simulated).totals(),
      },
    };
  },
);
stopBeforeRemoval(config.dataDir, stop);
watchServices(services);
const api = connect(url);

const manage = (key = server_key) => api.call('GET', '/v1/project', { key });
const query = (key = read_only_key) => api.call('GET', `/v1/analytics/live?app_id=${app_id}`, { key });
const send = (key = client_key) =>
  api.call('POST', '/v1/events', {
    key,
    body: { events: [{ event_id: 'e1', event_name: 'opened', app_user_id: 'u1' }] },
  });

const statusesOf = async (...answers: Promise<Answer>[]) =>
  (await Promise.all(answers)).map(({ status }) => status);

beforeEach(() => Object.assign(load, CALM));

describe('an overloaded server', () => {
  it('refuses queries and management with 503 and a wait of 1 to 5 s, and accepts events', async () => {
    load.loopDelayMs = 201;
    for (const answer of [await manage(), await query()]) {
      assert.deepEqual([answer.status, answer.body.code], [503, 'overloaded']);
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-5]$/);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
    assert.equal((await send()).status, 200);
  });

  it('sends different waits, so that callers do not all retry at the same time', async () => {
    load.loopDelayMs = 201;
    const waits = new Set<string | null>();
    for (let round = 0; round < 40; round += 1) waits.add((await manage()).headers.get('retry-after'));
    assert.ok(waits.size >= 3, [...waits].join());
  });

  it('refuses events too when nothing else helps', async () => {
    load.loopDelayMs = 1_001;
    assert.deepEqual(await statusesOf(send(), manage(), query()), [503, 503, 503]);
  });

  it('revokes keys all the same', async () => {
    const body = { name: 'Leaked', type: 'server' };
    const leaked = await api.call('POST', '/v1/api-keys', { key: server_key, body });
    const other = await api.call('POST', '/v1/api-keys', { key: server_key, body });
    load.loopDelayMs = 1_001;
    load.rows = 100;
    assert.equal((await manage()).status, 503);
    const revoked = await api.call('DELETE', `/v1/api-keys/${other.body.id}`, { key: server_key });
    assert.equal(revoked.status, 200, revoked.text);
    const own = await api.call('POST', '/v1/api-keys/self/revoke', { key: leaked.body.key });
    assert.equal(own.status, 204, own.text);
  });

  it('does the same when its write queue is more than 80 % full, except for events', async () => {
    load.rows = 81;
    assert.deepEqual(await statusesOf(send(), manage(), query()), [200, 503, 503]);
    load.rows = 80;
    assert.deepEqual(await statusesOf(send(), manage(), query()), [200, 200, 200]);
  });

  it('still reports what waiting cannot fix: a wrong key, or one used against its restrictions', async () => {
    load.loopDelayMs = 5_000;
    assert.equal((await manage(createSecret('server'))).status, 401);
    assert.equal((await api.call('GET', '/v1/project')).status, 401);
    const inBrowser = { key: server_key, headers: { origin: 'https://example.com' } };
    assert.equal((await api.call('GET', '/v1/project', inBrowser)).body.code, 'secret_key_in_browser');
    assert.equal((await api.call('GET', '/v1/nothing', { key: server_key })).status, 404);
  });

  it('charges nothing for refused requests', async () => {
    const before = (await manage()).headers.get('ratelimit');
    load.loopDelayMs = 201;
    for (let round = 0; round < 70; round += 1) assert.equal((await manage()).status, 503);
    load.loopDelayMs = 0;
    const left = (text: string | null) => Number(/r=(\d+)/.exec(text ?? '')?.[1]);
    assert.equal(left((await manage()).headers.get('ratelimit')), left(before) - 1);
  });

  it('logs once that its write queue is nearly full', async () => {
    load.rows = 80;
    assert.deepEqual((await api.call('GET', '/readyz')).body.warnings, []);
    load.rows = 81;
    const { status, warnings } = (await api.call('GET', '/readyz')).body;
    assert.deepEqual([status, warnings.length], ['degraded', 1]);
    assert.match(warnings[0], /analytics, management\.$/);
  });

  it('keeps serving /healthz, /readyz, which reports it, and /metrics, which counts it', async () => {
    assert.deepEqual((await api.call('GET', '/readyz')).body, { status: 'ok', warnings: [] });
    const count = async () => {
      const { status, text } = await api.call('GET', '/metrics');
      assert.equal(status, 200);
      return Number(/^appflow_shed_requests_total\{category="analytics"\} (\d+)$/m.exec(text)?.[1]);
    };
    const before = await count();
    load.loopDelayMs = 5_000;
    await query();
    await query();
    assert.equal(await count(), before + 2);
    assert.equal((await api.call('GET', '/healthz')).status, 200);
    const { status, body } = await api.call('GET', '/readyz');
    assert.equal(status, 200);
    assert.equal(body.status, 'degraded');
    assert.match(body.warnings.join(), /too busy.*analytics, management, events/);
  });
});

it('under steady requests a server refuses exactly as many as it counts: none, unless the machine is overloaded', async (t) => {
  load.isMeasured = true;
  const until = performance.now() + UNDER_LOAD_MS;
  const seen: number[] = [];
  while (performance.now() < until) {
    seen.push(...(await statusesOf(...Array.from({ length: 20 }, () => send()))));
  }
  const refused = seen.filter((status) => status === 503).length;
  t.diagnostic(`${seen.length} requests, ${refused} refused`);
  assert.deepEqual(
    seen.filter((status) => status !== 200 && status !== 503),
    [],
  );
  assert.equal(services.shedding.totals().events, refused);
  // Events are refused only above a second of delay.
  assert.ok(refused <= seen.length / 2);
});
