import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { makeDays } from '../src/cli/demo/events.ts';
import { runDemo } from '../src/cli/demo.ts';
import { UsageError } from '../src/cli/usage-error.ts';
import { startServer } from '../src/server.ts';
import { startCli } from './child-processes.ts';
import { connect, makeConfig, makeTempDir } from './harness.ts';
import { noteSecrets } from './minted-secrets.ts';

const HOUR_MS = 3_600_000;
const PLAN = { seed: 7, days: 20, users: 60 };

const config = makeConfig();
const never = new AbortController().signal;
const nowMs = Date.now();
const first = await runDemo(config, PLAN, nowMs, never);
noteSecrets(JSON.stringify(first.keys));
const second = await runDemo(config, PLAN, nowMs + 60_000, never);
const server = await startServer(config);
after(server.stop);
const api = connect(server.url);
const key = first.keys?.server ?? assert.fail();
const { stage, projectId } = first.state;

const expected = [...makeDays(PLAN, stage, { fromMs: stage.startMs - 1, untilMs: nowMs })];

async function readDays(appId: string) {
  const { body, text } = await api.call('GET', `/v1/analytics/daily?app_id=${appId}&days=20`, { key });
  assert.equal(body.data?.length, 20, text);
  return body.data as { events: number; dau: number; sessions: number }[];
}

describe('appflow demo', () => {
  it('stores what the plan makes, each event once: the numbers of each day are those of a plain count', async () => {
    assert.equal(first.accepted, expected.flat().length);
    assert.equal(first.duplicates, 0);
    assert.ok(first.accepted > 1_000);
    for (const appId of Object.values(stage.appIds)) {
      const days = await readDays(appId);
      for (const [index, day] of days.entries()) {
        const events = (expected[index] ?? []).filter((event) => event.app_id === appId);
        const users = new Set(events.map(({ app_user_id }) => app_user_id)).size;
        const sessions = new Set(events.flatMap(({ session_id }) => session_id ?? [])).size;
        assert.deepEqual([day.events, day.dau, day.sessions], [events.length, users, sessions]);
      }
    }
  });

  it('makes a project with three apps and a key of each type, and no other key', async () => {
    const { body: project } = await api.call('GET', '/v1/project', { key });
    assert.deepEqual([project.name, project.id], ['Appflow Demo', projectId]);
    const { body: apps } = await api.call('GET', '/v1/apps', { key });
    assert.deepEqual(apps.data.map(({ platform }: { platform: string }) => platform).sort(), [
      'android',
      'ios',
      'web',
    ]);
    const { body: keys } = await api.call('GET', '/v1/api-keys', { key });
    const made = keys.data.map(({ type, status }: Record<string, string>) => `${type} ${status}`).sort();
    assert.deepEqual(made, ['client active', 'read_only active', 'server active']);
  });

  it('run again changes nothing', () => {
    assert.deepEqual([second.accepted, second.duplicates, second.keys], [0, 0, undefined]);
    assert.deepEqual(second.state, { ...first.state, loadedUntilMs: nowMs });
  });

  it('run again later adds what happened since, to the server that runs', async () => {
    const running = { ...config, port: Number(new URL(server.url).port) };
    const laterMs = nowMs + HOUR_MS / 2;
    const added = await runDemo(running, {}, laterMs, never);
    const all = [...makeDays(PLAN, stage, { fromMs: stage.startMs - 1, untilMs: laterMs })].flat();
    assert.equal(added.accepted, all.length - first.accepted);
    assert.equal(added.duplicates, 0);
    const { body: keys } = await api.call('GET', '/v1/api-keys?status=revoked', { key });
    assert.deepEqual(
      keys.data.map(({ name, revoked_reason }: Record<string, string>) => [name, revoked_reason]),
      [['Demo loader', 'unused']],
    );
  });

  it('refuses another plan for the same folder', async () => {
    for (const other of [{ seed: 8 }, { days: 21 }, { users: 61 }]) {
      await assert.rejects(runDemo(config, other, nowMs, never), UsageError);
    }
  });
});

it('serves what it made until SIGTERM, and ends with 0', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), PORT: '0', LOG_LEVEL: 'error' };
  const { child, ended } = startCli(['demo', '--users', '60', '--days', '3'], env);
  try {
    assert.ok(child.stdout);
    let said = '';
    let url: string | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      said += `${line}\n`;
      url = /ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (url) break;
    }
    const [, appId = '', readKey = ''] =
      /app_id=(app_\w+)&days=7' -H 'Authorization: Bearer (ro_\w+)'/.exec(said) ?? [];
    noteSecrets(said);
    const made = connect(url ?? assert.fail(said));
    const { body, text } = await made.call('GET', `/v1/analytics/daily?app_id=${appId}&days=3`, {
      key: readKey,
    });
    // Not every day: the last one may have begun a minute ago.
    assert.ok(
      body.data?.some(({ events }: { events: number }) => events > 0),
      text,
    );
    child.kill('SIGTERM');
    assert.equal((await ended).code, 0);
  } finally {
    child.kill('SIGKILL');
  }
});
