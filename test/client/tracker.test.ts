import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { AppflowAdmin } from '../../client/src/admin.ts';
import type { StoredEvent } from '../../client/src/api/events.ts';
import { Appflow } from '../../client/src/index.ts';
import { adoptChild } from '../support/adopt-child.ts';
import { makeKey, makeTempDir, startTestServer } from '../support/harness.ts';
import { toDropLine } from './scripted-clients.ts';

// Limits must be on: otherwise keys cannot have limits of their own.
const api = await startTestServer({ APPFLOW_LIMIT_MANAGEMENT: '1000/1000' });
const { project, url: baseUrl } = api;
const admin = new AppflowAdmin({ apiKey: project.server_key, baseUrl });

async function readStored(name: string): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of admin.events.all({ event_name: [name], limit: 200 })) found.push(event);
  return found;
}

describe('a tracker killed with a full queue', () => {
  const PROGRAM = join(import.meta.dirname, 'tracker-process.ts');
  const SIZE = 999; // with session_start 1,000: the queue's default size

  const startTracker = (folder: string, count: number) =>
    adoptChild(
      spawn(process.execPath, [PROGRAM, folder, baseUrl, project.client_key, String(count)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );

  it('delivers every event exactly once after the restart', async () => {
    const folder = makeTempDir();
    const first = startTracker(folder, SIZE);
    // The first batch was acknowledged, the others were not: some are in flight.
    for await (const line of createInterface({ input: first.stdout })) if (line.startsWith('sent')) break;
    const exited = once(first, 'exit');
    first.kill('SIGKILL');
    assert.equal((await exited)[1], 'SIGKILL', 'it was killed before it finished');
    const second = startTracker(folder, 0);
    const lines: string[] = [];
    for await (const line of createInterface({ input: second.stdout })) lines.push(line);
    const { queued, dropped } = JSON.parse(lines.at(-1)?.slice('stats '.length) ?? '{}');
    assert.deepEqual([queued, dropped], [0, 0]);
    const stored = await readStored('numbered');
    const numbers = stored.map(({ properties }) => Number(properties.n)).sort((one, other) => one - other);
    assert.deepEqual(
      numbers,
      Array.from({ length: SIZE }, (_, n) => n),
    );
    assert.equal(new Set(stored.map(({ app_user_id }) => app_user_id)).size, 1);
  });
});

describe('with the real server', () => {
  it('stores tracked events unchanged: user, session, timestamp, context, link', async () => {
    const appflow = new Appflow({ apiKey: project.client_key, baseUrl, context: { platform: 'ios' } });
    const from = Date.now();
    appflow.track('before_sign_in');
    appflow.identify('user_real');
    appflow.track('after_sign_in', { revenue: '9.99' });
    await appflow.shutdown();
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 5, dropped: 0 });
    const [before] = await readStored('before_sign_in');
    const [link] = await readStored('$identify');
    const [after] = await readStored('after_sign_in');
    assert.deepEqual(link?.properties, { anonymous_id: before?.app_user_id });
    assert.deepEqual([link?.app_user_id, after?.app_user_id], ['user_real', 'user_real']);
    assert.deepEqual([after?.revenue, after?.context.platform], ['9.99', 'ios']);
    assert.equal(after?.session_id, before?.session_id);
    assert.ok(Math.abs(Date.parse(before?.timestamp ?? '') - from) < 5_000);
    const { data } = await admin.analytics.live();
    assert.ok(data.top_events.some(({ event_name }) => event_name === 'after_sign_in'));
  });

  it('a revoked key keeps the queue, and the next key sends it', async () => {
    const { id, key } = await makeKey(api, { type: 'client' });
    await admin.apiKeys.revoke(id, 'leaked');
    const appflow = new Appflow({ apiKey: key, baseUrl });
    const codes: string[] = [];
    appflow.on('error', ({ code }) => codes.push(code));
    appflow.track('kept_for_later');
    await appflow.flush();
    await appflow.flush();
    assert.deepEqual([codes, appflow.stats().queued], [['api_key_revoked'], 2]);
    appflow.setApiKey(project.client_key);
    await appflow.shutdown();
    assert.equal((await readStored('kept_for_later')).length, 1);
  });

  it('events the server rejects are dropped with its code, and the others are stored', async () => {
    const appflow = new Appflow({ apiKey: project.client_key, baseUrl });
    const drops: unknown[] = [];
    appflow.on('drop', (drop) => drops.push(toDropLine(drop)));
    appflow.track('fits');
    appflow.track('costs_nothing', { revenue: 'a lot' });
    appflow.track('too_long', { text: 'x'.repeat(40_000) });
    await appflow.flush();
    assert.deepEqual(drops, ['1 invalid_revenue: costs_nothing', '1 event_too_large: too_long']);
    assert.deepEqual(appflow.stats(), { queued: 0, sent: 2, dropped: 2 });
    await appflow.shutdown();
  });

  it('50 callers of 8 calls at a limit of 20/s send at most 1.2 requests for each accepted one', async () => {
    const rate = { rate: 20, burst: 20 };
    const { key } = await makeKey(api, { type: 'server', rate_limits: { management: { requests: rate } } });
    let sent = 0;
    const counted: typeof fetch = (...args) => {
      sent += 1;
      return fetch(...args);
    };
    const limited = new AppflowAdmin({ apiKey: key, baseUrl, fetch: (url, init) => counted(url, init) });
    const work = async () => {
      for (let n = 0; n < 8; n += 1) await limited.project.get();
    };
    await Promise.all(Array.from({ length: 50 }, work));
    // 30 of the first 50 are rejected before anything is known; the total exceeds the burst, so some must wait.
    assert.ok(sent > 400, 'the limit was reached');
    assert.ok(sent / 400 <= 1.2, `${sent / 400}`);
  });
});

describe('sendAll with the real server', () => {
  async function* makeHistory(count: number, from = 0) {
    for (let n = from; n < count; n += 1) {
      yield {
        event_id: `h-${n}`,
        event_name: n === 1_203 ? 'Bad' : 'history',
        app_user_id: `u_${n % 7}`,
        timestamp: 1_750_000_000_000 + n,
      };
    }
  }

  it('stores a history in ordered batches, with IDs and timestamps as given, and a second run changes nothing', async () => {
    const progress: unknown[] = [];
    const done = await admin.events.sendAll(makeHistory(2_300), {
      onProgress: ({ events, accepted, rejections }) => {
        progress.push([events, accepted, rejections.map(({ index, code }) => [index, code])]);
      },
    });
    assert.deepEqual(done, { events: 2_300, accepted: 2_299, duplicates: 0, rejected: 1 });
    assert.deepEqual(progress, [
      [1_000, 1_000, []],
      [2_000, 1_999, [[1_203, 'invalid_event_name']]],
      [2_300, 2_299, []],
    ]);
    const [last] = (await admin.events.search({ event_id: 'h-2299' })).data;
    assert.equal(last?.timestamp, new Date(1_750_000_002_299).toISOString());
    assert.deepEqual(await admin.events.sendAll(makeHistory(2_300)), {
      events: 2_300,
      accepted: 0,
      duplicates: 2_299,
      rejected: 1,
    });
  });

  it('halves batches that are too large for one request, and stops between batches when its signal aborts', async () => {
    const text = 'x'.repeat(31_000);
    const large = Array.from({ length: 400 }, (_, n) => ({
      event_id: `l-${n}`,
      event_name: 'large',
      app_user_id: 'u_1',
      properties: { text },
    }));
    assert.equal((await admin.events.sendAll(large)).accepted, 400);
    const stop = new AbortController();
    let events = 0;
    const work = admin.events.sendAll(makeHistory(5_000), {
      signal: stop.signal,
      onProgress: (counts) => {
        events = counts.events;
        stop.abort(new Error('Enough.'));
      },
    });
    await assert.rejects(work, /Enough/);
    assert.equal(events, 1_000);
  });
});
