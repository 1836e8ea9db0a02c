import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countDifferences } from '../attacks/beside-load/count-stored.ts';
import { createInstallation, createPeople } from '../attacks/beside-load/installation.ts';
import type { IngestResult, ViewResult } from '../attacks/beside-load/orders.ts';
import { readFigures, watchProcess } from '../attacks/beside-load/process-figures.ts';
import { findSetupUrl, PRODUCTION } from '../attacks/beside-load/server.ts';
import { startWorker } from '../attacks/beside-load/worker.ts';
import { startChildServer } from '../support/child-server.ts';
import { makeTempDir } from '../support/harness.ts';

// Two hours: APPFLOW_SOAK_MINUTES=120 npm run test:by-hand -- --test-name-pattern soak
const MINUTES = Number(process.env.APPFLOW_SOAK_MINUTES ?? 30);
/** A load that the machine has left over, so that nothing is refused. */
const EVENTS_PER_SECOND = 2_000;
/** Memory and descriptors are compared between the second quarter of the time, when caches are warm, and the last one. */
const GROWTH_MAX = 1.15;
const DESCRIPTORS_MORE_MAX = 20;

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const only200 = (statuses: Record<string, number>) =>
  Object.keys(statuses).every((status) => status === '200');

test(`soak: ${MINUTES} minutes of events, dashboards and live tails need no more memory and descriptors, and nothing fails`, async (t) => {
  const dataDir = makeTempDir();
  const { env, projectId, appId, backendKeys: keys, tailKey } = await createInstallation(dataDir);
  const server = await startChildServer({ ...env, ...PRODUCTION });
  t.after(() => server.process.kill('SIGKILL'));
  const { url } = server;
  const { pid = 0 } = server.process;
  const { cookie } = await createPeople(url, await findSetupUrl(server.output), projectId);
  const [ingest, viewer] = [startWorker('ingest.ts'), startWorker('viewer.ts')];
  const highest: { rssMb: number; descriptors: number }[] = [];
  let acknowledged: number[] = [];
  try {
    for (let minute = 0; minute < MINUTES; minute += 1) {
      const watch = watchProcess(pid);
      const [sent, viewed] = await Promise.all([
        ingest.ask<IngestResult>({ url, appId, keys, seconds: 60, perSecond: EVENTS_PER_SECOND }),
        viewer.ask<ViewResult>({ url, cookie, projectId, appId, keys, tailKey, seconds: 60 }),
      ]);
      highest.push(watch.stop());
      ({ acknowledged } = sent);
      const statuses = [sent.statuses, viewed.dashboard.statuses, viewed.keys, viewed.tail.statuses];
      assert.ok(statuses.every(only200), `minute ${minute + 1}: ${JSON.stringify(statuses)}`);
      assert.equal(viewed.health.failed, 0);
    }
  } finally {
    await Promise.all([ingest.stop(), viewer.stop()]);
  }
  const quarter = Math.ceil(MINUTES / 4);
  const [early, late] = [highest.slice(quarter, 2 * quarter), highest.slice(-quarter)];
  const [earlyMb, lateMb] = [early, late].map((part) => average(part.map(({ rssMb }) => rssMb))) as [
    number,
    number,
  ];
  const [earlyFiles, lateFiles] = [early, late].map((part) =>
    average(part.map(({ descriptors }) => descriptors)),
  ) as [number, number];
  t.diagnostic(
    `memory ${Math.round(earlyMb)} → ${Math.round(lateMb)} MB, descriptors ${Math.round(earlyFiles)} → ${Math.round(lateFiles)}, afterwards ${JSON.stringify(readFigures(pid))}`,
  );
  assert.ok(lateMb <= GROWTH_MAX * earlyMb, `${earlyMb} → ${lateMb} MB`);
  assert.ok(lateFiles <= earlyFiles + DESCRIPTORS_MORE_MAX, `${earlyFiles} → ${lateFiles} descriptors`);
  assert.equal((await server.stop()).code, 0);
  const { missing, doubled } = await countDifferences(dataDir, acknowledged);
  assert.deepEqual({ missing, doubled }, { missing: 0, doubled: 0 });
});
