import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { availableParallelism, loadavg } from 'node:os';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../attacks/attack.ts';
import { startChildServer } from '../support/child-server.ts';
import { connect, initProject, makeConfig } from '../support/harness.ts';
import { startNginx } from '../support/nginx.ts';
import { runAttackApart } from '../support/run-attack.ts';
import { readRssMb } from '../support/watch-server.ts';

const ATTACK_MS = 15_000;
const HEALTH_MS_MAX = 500;
const SMALL_BATCH_MS_MAX = 5_000;
const RSS_GROWTH_MB_MAX = 100;
const RECOVERY_MS = 30_000;
const ATTACKS = [
  ['event-bombs', 'eventBombs'],
  ['unfinished-bodies', 'unfinishedBodies'],
] as const;

const config = makeConfig();
const project = await initProject(config);
const server = await startChildServer({ APPFLOW_DATA_DIR: config.dataDir, TRUSTED_PROXIES: '127.0.0.1' });
const pid = server.process.pid ?? 0;

const toTarget = (url: string): Target => ({
  url,
  clientKey: project.client_key,
  readKey: project.read_only_key,
  serverKey: project.server_key,
  appId: project.app_id,
  person: { email: '', password: '' },
});

let sent = 0;
const createEvents = (count: number, text: string) =>
  Array.from({ length: count }, () => ({
    event_id: `e${sent++}`,
    event_name: 'opened',
    app_user_id: 'u1',
    properties: { text },
  }));

/** Sends a batch as a phone at another address, and returns how long it took. */
async function sendBatch(url: string, count: number, text: string): Promise<{ status: number; ms: number }> {
  const startedAt = performance.now();
  const headers = { 'x-forwarded-for': '203.0.113.7' };
  const body = { events: createEvents(count, text) };
  const { status } = await connect(url).call('POST', '/v1/events', {
    key: project.client_key,
    headers,
    body,
  });
  return { status, ms: performance.now() - startedAt };
}

/** A phone that sends small batches until the signal fires. Returns how many were accepted, and the slowest. */
async function sendBatches(
  url: string,
  signal: AbortSignal,
): Promise<{ accepted: number; slowestMs: number }> {
  const result = { accepted: 0, slowestMs: 0 };
  while (!signal.aborted) {
    const { status, ms } = await sendBatch(url, 5, 'small');
    assert.equal(status, 200, 'a small batch of another address is accepted');
    result.accepted += 1;
    result.slowestMs = Math.max(result.slowestMs, ms);
    await sleep(50);
  }
  return result;
}

/**
 * Returns the slowest answer of `/healthz` until the signal fires, over an open connection: a new one also waits for those
 * that the attack opens, which is a matter of connections rather than of bodies.
 */
async function watchHealth(signal: AbortSignal): Promise<number> {
  let slowestMs = 0;
  while (!signal.aborted) {
    const startedAt = performance.now();
    assert.equal((await connect(server.url).call('GET', '/healthz')).status, 200);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    await sleep(50);
  }
  return slowestMs;
}

/** What a server in use takes, so that it is not counted as what an attack leaves behind. */
async function warmUp(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(Array.from({ length: 4 }, () => sendBatch(server.url, 1_000, 'x'.repeat(3_000))));
  }
  await sleep(2_000);
}

async function surviveAttack(t: TestContext, attack: (typeof ATTACKS)[number], url: string): Promise<void> {
  await warmUp();
  const before = readRssMb(pid);
  const stop = new AbortController();
  const watching = [watchHealth(stop.signal), sendBatches(url, stop.signal)] as const;
  const line = await runAttackApart(attack, toTarget(url), ATTACK_MS);
  stop.abort();
  const [healthMs, phone] = await Promise.all(watching);
  const stopAt = performance.now() + RECOVERY_MS;
  while (readRssMb(pid) > before + RSS_GROWTH_MB_MAX && performance.now() < stopAt) await sleep(1_000);
  const left = readRssMb(pid) - before;
  t.diagnostic(`${line}; ${JSON.stringify({ before, healthMs, phone, left })}`);
  assert.ok(left <= RSS_GROWTH_MB_MAX, `${left} MB more than before`);
  // Processes that share the machine make everything slower, without an attack, too.
  const healthMsMax = HEALTH_MS_MAX * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
  assert.ok(healthMs <= healthMsMax, `/healthz took ${healthMs} ms of ${healthMsMax}`);
  assert.ok(phone.accepted > 0 && phone.slowestMs <= SMALL_BATCH_MS_MAX, JSON.stringify(phone));
}

describe('a server answers in time, and its memory comes back', () => {
  for (const attack of ATTACKS) {
    it(`during ${attack[0]}`, (t) => surviveAttack(t, attack, server.url));
    it(`during ${attack[0]} behind nginx`, { skip: !existsSync('/usr/sbin/nginx') }, async (t) => {
      const nginx = await startNginx({ upstream: server.url });
      try {
        await surviveAttack(t, attack, nginx.url);
      } finally {
        await nginx.stop();
      }
    });
  }
});

/** Sends a body of so many bytes, in as many parts, one per second; stops early if it is answered. Returns the status. */
function sendSlowly(bytes: number, parts: number): Promise<{ status: number | undefined; ms: number }> {
  const startedAt = performance.now();
  const headers = {
    authorization: `Bearer ${project.client_key}`,
    'content-type': 'application/json',
    'content-length': bytes,
  };
  const text = JSON.stringify({ events: createEvents(1, '') }).padEnd(bytes);
  return new Promise((resolve, reject) => {
    const slow = request(`${server.url}/v1/events`, { method: 'POST', headers }, (answer) => {
      clearInterval(timer);
      answer.resume();
      resolve({ status: answer.statusCode, ms: performance.now() - startedAt });
    });
    slow.on('error', reject);
    let part = 0;
    const timer = setInterval(() => {
      slow.write(text.slice(Math.ceil((part * bytes) / parts), Math.ceil(((part + 1) * bytes) / parts)));
      part += 1;
      if (part < parts) return;
      clearInterval(timer);
      slow.end();
    }, 1_000);
  });
}

describe('a slow body', () => {
  it('is accepted when it takes 20 s for 100 KB, and refused with 408 when it would never be complete', async () => {
    const [phone, never] = await Promise.all([sendSlowly(100_000, 20), sendSlowly(5_000_000, 1_000)]);
    assert.equal(phone.status, 200);
    assert.equal(never.status, 408);
    assert.ok(never.ms < 30_000, `${never.ms} ms`);
  });
});
