import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDemoKeys } from '../../src/cli/demo/demo-keys.ts';
import { createDemo } from '../../src/cli/demo/demo-project.ts';
import { makeDays } from '../../src/cli/demo/events.ts';
import { feedLive } from '../../src/cli/demo/feed.ts';
import { runDemo } from '../../src/cli/demo.ts';
import { UsageError } from '../../src/cli/terminal/usage-error.ts';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { recordServerUrl } from '../../src/server/server-url.ts';
import { startServer } from '../../src/server/start.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, makeConfig } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

const PLAN = { seed: 7, days: 20, users: 60 };

const config = makeConfig();
const never = new AbortController().signal;
const nowMs = Date.now();
const first = await runDemo(config, PLAN, nowMs, never);
trackSecrets(JSON.stringify(first.keys));
const second = await runDemo(config, PLAN, nowMs + 60_000, never);
const server = await startServer(config);
cleanUp(server.stop);
const api = connect(server.url);
const key = first.keys?.server ?? assert.fail();
const { stage, projectId } = first.state;

const expected = [...makeDays(PLAN, stage, { fromMs: stage.startMs - 1, untilMs: nowMs })];

/** The account of each device. */
const accountOf = new Map(
  expected
    .flat()
    .filter(({ event_name }) => event_name === '$identify')
    .map(({ app_user_id, properties }) => [properties?.anonymous_id, app_user_id]),
);

async function readDays(appId: string) {
  const { body, text } = await api.call('GET', `/v1/analytics/daily?app_id=${appId}&days=20`, { key });
  assert.equal(body.data?.length, 20, text);
  return body.data as { events: number; dau: number; sessions: number }[];
}

/** The other keys are used by this test. */
const wasUsedOnlyThen = ({ name }: { name: string }) => name !== 'Production backend';

describe('appflow demo', () => {
  it('stores each event of the plan once: daily metrics equal a plain count', async () => {
    assert.equal(first.accepted, expected.flat().length);
    assert.equal(first.duplicates, 0);
    assert.ok(first.accepted > 1_000);
    assert.ok(accountOf.size > 10);
    for (const appId of Object.values(stage.appIds)) {
      const days = await readDays(appId);
      for (const [index, day] of days.entries()) {
        const events = (expected[index] ?? []).filter(
          (event) => event.app_id === appId && !event.event_name.startsWith('$'),
        );
        const users = new Set(events.map(({ app_user_id }) => accountOf.get(app_user_id) ?? app_user_id))
          .size;
        const sessions = new Set(events.flatMap(({ session_id }) => session_id ?? [])).size;
        assert.deepEqual([day.events, day.dau, day.sessions], [events.length, users, sessions]);
      }
    }
  });

  it('saves the campaign and the releases as annotations, and a funnel that loses people', async () => {
    const { body: annotations } = await api.call('GET', '/v1/annotations', { key });
    assert.deepEqual(annotations.data.map(({ text }: { text: string }) => text).sort(), [
      'Back-to-school campaign',
      'Version 2.9.0',
    ]);
    const { body: funnels } = await api.call('GET', '/v1/funnels', { key });
    const [{ definition }] = funnels.data;
    const body = { ...definition, app_id: stage.appIds.ios, days: 20 };
    const { body: answer, text } = await api.call('POST', '/v1/analytics/funnel', { key, body });
    const [started, onboarded, tried] = answer.data.map(({ users }: { users: number }) => users);
    assert.ok(started > onboarded && onboarded > tried, text);
  });

  it('creates a project with three apps, and keys with past usage', async () => {
    const { body: project } = await api.call('GET', '/v1/project', { key });
    assert.deepEqual([project.name, project.id], ['Appflow Demo', projectId]);
    const { body: apps } = await api.call('GET', '/v1/apps', { key });
    assert.deepEqual(apps.data.map(({ platform }: { platform: string }) => platform).sort(), [
      'android',
      'ios',
      'web',
    ]);
    const { body: keys } = await api.call('GET', '/v1/api-keys', { key });
    type Key = Record<string, string> & { request_count: number; last_used_at: string | null };
    const made = keys.data.map((one: Key) => [one.type, one.status, one.name, one.request_count > 0]);
    assert.deepEqual(made.sort(), [
      ['client', 'active', 'iOS and Android apps', true],
      ['read_only', 'active', 'Weekly report', true],
      ['read_only', 'expiring', 'Agency dashboard', true],
      ['server', 'active', 'Event pipeline', true],
      ['server', 'active', 'Payments webhook', true],
      ['server', 'active', 'Production backend', true],
      ['server', 'active', 'Staging backend', false],
    ]);
    const rotated = keys.data.find(({ name }: Key) => name === 'Payments webhook');
    assert.equal(rotated.secrets.length, 2, 'its old secret still works');
    const oldest = keys.data.find(({ name }: Key) => name === 'Staging backend');
    assert.ok(nowMs - Date.parse(oldest.created_at) > 90 * DAY_MS, 'so that it is called unused');
    const expiring = keys.data.find(({ name }: Key) => name === 'Agency dashboard');
    assert.equal(Date.parse(expiring.expires_at), nowMs + 12 * DAY_MS);
  });

  it('writes the same key usage for the same seed, with equal totals in the record and by the hour', async () => {
    const other = await openControlServices(makeConfig());
    const made = await createDemoKeys(other, await createDemo(other, PLAN, nowMs), nowMs);
    trackSecrets(JSON.stringify(made.keys));
    const elsewhere = other.directory.listKeys(made.state.projectId);
    const from = new Date(nowMs - 31 * DAY_MS).toISOString();
    const { body: keys } = await api.call('GET', '/v1/api-keys', { key });
    for (const { id, name, request_count } of keys.data.filter(wasUsedOnlyThen)) {
      const { body: usage } = await api.call('GET', `/v1/api-keys/${id}/usage?from=${from}`, { key });
      const total = usage.data.reduce((sum: number, { ok }: { ok: number }) => sum + ok, 0);
      assert.equal(request_count, total, name);
      const twin = elsewhere.find((one) => one.name === name)?.id ?? assert.fail(name);
      const hours = await other.usage.listHours(twin, 0, nowMs + HOUR_MS);
      assert.deepEqual(
        usage.data.map(({ ok }: { ok: number }) => ok),
        hours.map(({ ok }) => ok),
        name,
      );
    }
    await other.close();
  });

  it('feeds Live with the events of the last day, one every one to three seconds', async () => {
    const waits: number[] = [];
    const enough = new Error('enough');
    const feed = feedLive({ url: server.url, key }, first.state, nowMs, async (ms) => {
      if (waits.push(ms) > 5) throw enough;
    });
    await assert.rejects(feed, enough);
    assert.ok(
      waits.every((ms) => ms >= 1_000 && ms < 3_000),
      String(waits),
    );
    const since = new Date(nowMs).toISOString();
    const { body } = await api.call('GET', `/v1/events?from=${since}&limit=100`, { key });
    const fed = body.data.filter(({ event_id }: { event_id: string }) => event_id.includes('-live-'));
    assert.equal(fed.length, 5);
    const names = new Set(expected.flat().map(({ event_name }) => event_name));
    const people = new Set(expected.flat().map(({ app_user_id }) => app_user_id));
    for (const { event_name, app_user_id } of fed)
      assert.ok(names.has(event_name) && people.has(app_user_id));
  });

  it('changes nothing when run again', () => {
    assert.deepEqual([second.accepted, second.duplicates, second.keys], [0, 0, undefined]);
    assert.deepEqual(second.state, { ...first.state, loadedUntilMs: nowMs });
  });

  it('adds what happened since to the running server when run again later', async () => {
    const removeUrl = recordServerUrl(config, server.url);
    const laterMs = nowMs + HOUR_MS / 2;
    const added = await runDemo(config, {}, laterMs, never).finally(removeUrl);
    const all = [...makeDays(PLAN, stage, { fromMs: stage.startMs - 1, untilMs: laterMs })].flat();
    assert.equal(added.accepted, all.length - first.accepted);
    assert.equal(added.duplicates, 0);
    const { body: keys } = await api.call('GET', '/v1/api-keys?status=revoked', { key });
    assert.deepEqual(
      keys.data.map(({ name, revoked_reason }: Record<string, string>) => [name, revoked_reason]),
      [['Demo loader', 'unused']],
    );
  });

  it('is never added to a folder that has a project or an account, and creates nothing there', async () => {
    const [withProject, withAccount] = [makeConfig(), makeConfig()];
    await initProject(withProject);
    const people = await openControlServices(withAccount);
    const now = new Date(nowMs).toISOString();
    await people.control.db
      .insertInto('people')
      .values({
        id: 'usr_1',
        name: 'A',
        email: 'a@example.com',
        email_verified: 1,
        image: null,
        two_factor_enabled: 0,
        created_at: now,
        updated_at: now,
      })
      .execute();
    await people.close();
    for (const used of [withProject, withAccount]) {
      await assert.rejects(runDemo(used, PLAN, nowMs, never), /already has projects or accounts.*--data-dir/);
      const services = await openControlServices(used);
      const names = services.directory.listProjects().map(({ name }) => name);
      await services.close();
      assert.ok(!names.includes('Appflow Demo'), String(names));
    }
  });

  it('rejects another plan for the same folder', async () => {
    for (const other of [{ seed: 8 }, { days: 21 }, { users: 61 }]) {
      await assert.rejects(runDemo(config, other, nowMs, never), UsageError);
    }
  });
});
