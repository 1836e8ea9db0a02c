import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTACKS } from '../attacks/all.ts';
import { countDifferences } from '../attacks/beside-load/count-stored.ts';
import { createInstallation, createPeople } from '../attacks/beside-load/installation.ts';
import { DESCRIPTORS_LEFT_MAX, type Measured, measure, type Phase } from '../attacks/beside-load/measure.ts';
import { findSetupUrl, PRODUCTION } from '../attacks/beside-load/server.ts';
import { startChildServer } from '../support/child-server.ts';
import { makeTempDir } from '../support/harness.ts';
import { startNginx } from '../support/nginx.ts';

// Ten minutes, behind nginx, on a machine that does nothing else:
//   APPFLOW_ATTACK_SECONDS=600 APPFLOW_ATTACK_NGINX=1 npm run test:load -- --test-name-pattern "serves normal load"
const SECONDS = Number(process.env.APPFLOW_ATTACK_SECONDS ?? 60);
const ALONE_SECONDS = Math.min(60, Math.max(10, SECONDS / 3));
const IS_BEHIND_NGINX = process.env.APPFLOW_ATTACK_NGINX === '1';

const THROUGHPUT_MIN = 0.7;
/** Attackers and normal load share the processors with the server. Alone, see each-attack.test.ts: 500 ms. */
const HEALTH_MS_MAX = 5_000;
/** The rest may be 503, when the server sheds load. */
const SERVED_MIN = 0.99;
const DASHBOARD_SERVED_MIN = 0.95;
/** The live tail shows one event of each batch; the rest may be in a gap that it reports. */
const TAIL_MIN = 0.9;
const GAP_MS_MAX = 5_000;
const MEMORY_MB_MAX = 3_000;

const round = (value: number) => Math.round(value).toLocaleString('en-US');

function describePhase({ ingest, view, highest }: Phase): string {
  const { health, dashboard, tail } = view;
  return [
    `${round(ingest.perSecond)} events/s (p50 ${round(ingest.p50Ms)} ms, p99 ${round(ingest.p99Ms)} ms, longest gap ${round(ingest.longestGapMs)} ms, ${JSON.stringify(ingest.statuses)})`,
    `/healthz p99 ${round(health.p99Ms)} ms, max ${round(health.maxMs)} ms, ${health.failed} of ${health.count} failed`,
    `dashboard p50 ${round(dashboard.p50Ms)} ms, p99 ${round(dashboard.p99Ms)} ms, ${JSON.stringify(dashboard.statuses)}`,
    `keys ${JSON.stringify(view.keys)}; live tail ${tail.events} events, ${JSON.stringify(tail.statuses)}`,
    `at most ${highest.rssMb} MB and ${highest.descriptors} descriptors`,
  ].join('; ');
}

function shareServed(statuses: Record<string, number>): number {
  const all = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  return (statuses['200'] ?? 0) / all;
}

function listMistakes({ alone, attacked, before, after }: Measured): string[] {
  const ratio = attacked.ingest.perSecond / alone.ingest.perSecond;
  const { health, dashboard, keys, tail } = attacked.view;
  const onlyServed = (statuses: Record<string, number>, others: readonly string[]) =>
    Object.keys(statuses).every((status) => status === '200' || others.includes(status));
  const claims: [holds: boolean, mistake: string][] = [
    [ratio >= THROUGHPUT_MIN, `throughput ${ratio.toFixed(2)} of that without attacks`],
    [
      health.maxMs <= HEALTH_MS_MAX && health.failed === 0,
      `/healthz took ${round(health.maxMs)} ms, ${health.failed} failed`,
    ],
    [
      attacked.ingest.longestGapMs <= GAP_MS_MAX,
      `no event was acknowledged for ${round(attacked.ingest.longestGapMs)} ms`,
    ],
    [
      onlyServed(attacked.ingest.statuses, ['503']),
      `backends got ${JSON.stringify(attacked.ingest.statuses)}`,
    ],
    [onlyServed(keys, ['503']) && shareServed(keys) >= SERVED_MIN, `known keys got ${JSON.stringify(keys)}`],
    [
      onlyServed(dashboard.statuses, ['503']) && shareServed(dashboard.statuses) >= DASHBOARD_SERVED_MIN,
      `the dashboard got ${JSON.stringify(dashboard.statuses)}`,
    ],
    [
      tail.events >= TAIL_MIN * (attacked.ingest.statuses['200'] ?? 0),
      `the live tail sent ${tail.events} events`,
    ],
    [attacked.highest.rssMb <= MEMORY_MB_MAX, `it took ${attacked.highest.rssMb} MB`],
    [
      after.descriptors <= before.descriptors + DESCRIPTORS_LEFT_MAX,
      `${after.descriptors} descriptors are left open`,
    ],
  ];
  return claims.filter(([holds]) => !holds).map(([, mistake]) => mistake);
}

test(`serves normal load for ${SECONDS} s beside ${ATTACKS.length} attacks, and loses and doubles no acknowledged event`, async (t) => {
  const dataDir = makeTempDir();
  const { env, projectId, appId, backendKeys, tailKey, demoKeys } = await createInstallation(dataDir);
  const server = await startChildServer({ ...env, ...PRODUCTION });
  const nginx = IS_BEHIND_NGINX ? await startNginx({ upstream: server.url }) : undefined;
  t.after(() => nginx?.stop());
  const url = nginx?.url ?? server.url;
  t.after(() => server.process.kill('SIGKILL'));
  const { cookie, person } = await createPeople(server.url, await findSetupUrl(server.output), projectId);
  const { pid = 0 } = server.process;
  const measured = await measure({
    pid,
    target: { url, appId, person, ...demoKeys },
    ingest: { url, appId, keys: backendKeys },
    view: { url, cookie, projectId, appId, keys: backendKeys, tailKey },
    aloneSeconds: ALONE_SECONDS,
    attackedSeconds: SECONDS,
  });
  const { alone, attacked, before, after, fullSpeed } = measured;
  t.diagnostic(`full speed: ${round(fullSpeed.perSecond)} events/s`);
  t.diagnostic(`alone: ${describePhase(alone)}`);
  t.diagnostic(`attacked: ${describePhase(attacked)}`);
  t.diagnostic(`throughput ratio: ${(attacked.ingest.perSecond / alone.ingest.perSecond).toFixed(2)}`);
  t.diagnostic(
    `memory ${before.rssMb} → ${after.rssMb} MB, descriptors ${before.descriptors} → ${after.descriptors}`,
  );
  for (const line of measured.attackers) {
    t.diagnostic(line);
    assert.doesNotMatch(line, / failed: | did not stop\.$/);
  }
  assert.equal(server.process.exitCode, null, 'the server is still the same process');
  assert.equal((await server.stop()).code, 0);
  const differences = await countDifferences(dataDir, attacked.ingest.acknowledged);
  t.diagnostic(
    `of ${round(differences.acknowledged)} acknowledged events, ${differences.missing} are missing and ${differences.doubled} doubled`,
  );
  const { missing, doubled } = differences;
  assert.deepEqual(
    { missing, doubled, mistakes: listMistakes(measured) },
    { missing: 0, doubled: 0, mistakes: [] },
  );
});
