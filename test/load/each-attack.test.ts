import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ATTACKS } from '../attacks/all.ts';
import { createInstallation, createPeople } from '../attacks/beside-load/installation.ts';
import { findSetupUrl, PRODUCTION } from '../attacks/beside-load/server.ts';
import { startWorker } from '../attacks/beside-load/worker.ts';
import { startChildServer } from '../support/child-server.ts';
import { makeTempDir } from '../support/harness.ts';
import { callWithKey, countFiles, readRssMb, watchServer } from '../support/watch-server.ts';

// Each attack alone, on a machine that does nothing else:
//   npm run test:load -- --test-name-pattern "alone"
const ATTACK_MS = 10_000;
const HEALTH_MS_MAX = 500;
/** Within the limit of management requests. */
const KEY_EVERY_MS = 500;
const CLOSED_WITHIN_MS = 90_000;
const FILES_LEFT_MAX = 100;

const dataDir = makeTempDir();
const { env, projectId, appId, backendKeys, demoKeys } = await createInstallation(dataDir);
const server = await startChildServer({ ...env, ...PRODUCTION });
const { person } = await createPeople(server.url, await findSetupUrl(server.output), projectId);
const target = { url: server.url, appId, person, ...demoKeys };
const pid = server.process.pid ?? 0;

for (const [index, { name }] of ATTACKS.entries()) {
  test(`alone, ${name} delay /healthz by ${HEALTH_MS_MAX} ms at most and refuse no known key`, async (t) => {
    const before = { rssMb: Math.round(readRssMb(pid)), files: countFiles(pid) };
    const stop = new AbortController();
    const attacker = startWorker('attacker.ts', String(index));
    const report = attacker.ask<{ line: string }>(target);
    const watching = watchServer(pid, server.url, stop.signal);
    const calling = callWithKey(
      { url: server.url, key: backendKeys[0] ?? '', everyMs: KEY_EVERY_MS },
      stop.signal,
    );
    await sleep(ATTACK_MS);
    attacker.tell({});
    const { line } = await report;
    stop.abort();
    const [worst, refused] = await Promise.all([watching, calling]);
    await attacker.stop();
    const end = performance.now() + CLOSED_WITHIN_MS;
    while (countFiles(pid) > before.files + FILES_LEFT_MAX && performance.now() < end) await sleep(500);
    const rssMb = Math.round(readRssMb(pid));
    t.diagnostic(
      `/healthz at most ${Math.round(worst.healthMs)} ms; memory ${before.rssMb} → ${Math.round(worst.rssMb)} → ${rssMb} MB; ${line}`,
    );
    assert.doesNotMatch(line, / failed: /);
    assert.ok(worst.healthMs <= HEALTH_MS_MAX, `/healthz took ${Math.round(worst.healthMs)} ms`);
    assert.equal(worst.healthFailures, 0);
    assert.deepEqual(refused, []);
    assert.ok(countFiles(pid) <= before.files + FILES_LEFT_MAX, `${countFiles(pid)} files are open`);
  });
}
