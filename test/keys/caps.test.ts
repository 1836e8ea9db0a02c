import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { CAPS } from '../../src/api/caps.ts';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { join, setUp, signIn, stepUp } from '../support/browser.ts';
import { countRows, runSql } from '../support/control-sql.ts';
import { copyRow } from '../support/copy-row.ts';
import { type Answer, initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';
import { until } from '../support/until.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
clock.set(Date.now());
const { server_key: key, project_id } = api.project;
const other = await initProject(api.config);
const { config } = api;
const count = (from: string) => countRows(config, from);

const createKey = (fields = {}, as = key) =>
  api.call('POST', '/v1/api-keys', { key: as, body: { name: 'x', type: 'client', ...fields } });
const statusesOf = (answers: readonly Answer[]) =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b);

function assertFull({ status, body, text }: Answer, detail: RegExp): void {
  assert.deepEqual([status, body.code], [409, 'limit_reached'], text);
  assert.match(body.detail, detail);
}

describe('API keys of a project', () => {
  const LIVE = `api_keys WHERE project_id = '${project_id}' AND revoked_at IS NULL`;
  let spare: Awaited<ReturnType<typeof makeKey>>;
  before(async () => {
    spare = await makeKey(api, { type: 'client' });
    const old = String(clock.now() - 2 * DAY_MS);
    await copyRow(config, 'api_keys', spare.id, CAPS.liveKeys - (await count(LIVE)) - 2, { created_at: old });
  });

  it('can be created up to 1,000 live ones, however many requests arrive together', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => createKey()));
    assert.deepEqual(statusesOf(answers), [201, 201, 409, 409, 409, 409]);
    assertFull(
      await createKey(),
      /^There are 1,000 API keys in this project that are neither revoked nor expired/,
    );
    assert.equal(await count(LIVE), CAPS.liveKeys);
    assert.equal((await createKey({}, other.server_key)).status, 201, 'other projects have their own');
  });

  it('can still be used, changed, rotated and revoked when there is room for no more', async () => {
    assert.equal((await api.call('GET', '/v1/api-keys/self', { key })).status, 200);
    const path = `/v1/api-keys/${spare.id}`;
    assert.equal((await api.call('PATCH', path, { key, body: { name: 'y' } })).status, 200);
    assert.equal((await api.call('POST', `${path}/rotate`, { key })).status, 200);
    assert.equal((await api.call('DELETE', path, { key })).status, 200);
  });

  it('take no room once revoked, and cannot be restored into a full project', async () => {
    assert.equal((await createKey()).status, 201);
    const restored = await api.call('POST', `/v1/api-keys/${spare.id}/restore`, { key });
    assertFull(restored, /^There are 1,000 API keys/);
    await runSql(config, "UPDATE api_keys SET revoked_at = 1 WHERE id = 'api_keys_1'");
    assert.equal((await api.call('POST', `/v1/api-keys/${spare.id}/restore`, { key })).status, 200);
    assertFull(await createKey(), /1,000/);
  });

  it('take no room once expired', async () => {
    await runSql(config, `UPDATE api_keys SET expires_at = ${clock.now() + HOUR_MS} WHERE id = 'api_keys_2'`);
    assertFull(await createKey(), /1,000/);
    clock.advance(HOUR_MS);
    assert.equal((await createKey()).status, 201);
    assertFull(await createKey(), /1,000/);
  });

  it('keep those above the cap that an older release allowed, and only refuse more', async () => {
    await copyRow(config, 'api_keys', spare.id, 50, { id: "'key_above_' || i" });
    assertFull(await createKey(), /1,000/);
    // The database is written as by another process.
    await until(
      'the keys are known',
      async () => (await api.call('GET', '/v1/api-keys/key_above_50', { key })).status === 200,
    );
  });

  it('can be created up to 2,000 times within 24 hours, also if each is revoked', async () => {
    const { id } = (await createKey({}, other.server_key)).body;
    const today = `api_keys WHERE project_id = '${other.project_id}'`;
    const [revoked_at, created_at] = [String(clock.now()), String(clock.now() - DAY_MS + 1)];
    const changes = { id: "'key_revoked_' || i", revoked_at, created_at };
    await copyRow(config, 'api_keys', id, CAPS.keysPerDay - (await count(today)) - 1, changes);
    assert.equal((await createKey({}, other.server_key)).status, 201);
    assertFull(
      await createKey({}, other.server_key),
      /2,000 API keys created in this project within 24 hours/,
    );
    clock.advance(1);
    assert.equal((await createKey({}, other.server_key)).status, 201);
  });

  it('remember 50 secrets each: an older one is refused as unknown, and the working ones work', async () => {
    const made = await createKey({ type: 'server' }, other.server_key);
    const path = `/v1/api-keys/${made.body.id}/rotate`;
    const rotate = async (body = {}) =>
      (await api.call('POST', path, { key: other.server_key, body: { force: true, ...body } })).body
        .key as string;
    const codeOf = async (secret: string) =>
      (await api.call('GET', '/v1/api-keys/self', { key: secret })).body.code;
    // The first secret stays the old one: the newer ones are never used, so each next one replaces them.
    const second = await rotate();
    for (let index = 0; index < CAPS.secretsPerKey; index += 1) await rotate();
    const secrets = `key_secrets WHERE key_id = '${made.body.id}'`;
    assert.equal(await count(secrets), CAPS.secretsPerKey + 1);
    assert.equal(await codeOf(made.body.key), undefined);
    assert.equal(await codeOf(second), 'invalid_api_key');
    const newest = await rotate({ grace_seconds: 0 });
    assert.equal(await codeOf(newest), undefined);
  });
});

describe('apps of a project', () => {
  const createApp = () => api.call('POST', '/v1/apps', { key, body: { name: 'x', platform: 'ios' } });
  const LIVE = `apps WHERE project_id = '${project_id}' AND deleted_at IS NULL`;

  it('can be created and restored up to 100 that are not deleted', async () => {
    const { id } = (await createApp()).body;
    await copyRow(config, 'apps', id, CAPS.liveApps - (await count(LIVE)) - 1, { created_at: '1' });
    assert.deepEqual(statusesOf(await Promise.all([createApp(), createApp()])), [201, 409]);
    assertFull(await createApp(), /^There are 100 apps in this project/);
    const path = `/v1/apps/${id}`;
    await api.call('DELETE', path, { key });
    const restore = () => api.call('PATCH', path, { key, body: { deleted: false } });
    assert.equal((await createApp()).status, 201);
    assertFull(await restore(), /100 apps/);
    await api.call('DELETE', '/v1/apps/apps_1', { key });
    assert.equal((await restore()).status, 200);
  });

  it('can be created up to 200 times within 24 hours, also if each is deleted', async () => {
    await api.call('DELETE', '/v1/apps/apps_2', { key });
    const today = `apps WHERE project_id = '${project_id}' AND created_at > ${clock.now() - DAY_MS}`;
    const [created_at, deleted_at] = [String(clock.now()), '1'];
    const changes = { id: "'app_deleted_' || i", created_at, deleted_at };
    await copyRow(config, 'apps', 'apps_2', CAPS.appsPerDay - (await count(today)), changes);
    assertFull(await createApp(), /200 apps created in this project within 24 hours/);
    clock.advance(DAY_MS);
    assert.equal((await createApp()).status, 201);
  });
});

describe('people', async () => {
  const owner = await setUp(api.url, api.server.setupUrl);
  // Not earlier: other tests set the clock ahead.
  before(() => stepUp(owner));
  const invite = (email: string) =>
    owner.call('POST', `/app/v1/projects/${project_id}/invitations`, { body: { email, role: 'analyst' } });

  it('can be invited up to 100 at a time; expired invitations take no room, and a repeated one replaces itself', async () => {
    const { body } = await invite('first@example.com');
    const copies = { email: "i || '@example.com'", token_hash: "'hash' || i" };
    await copyRow(config, 'invitations', body.id, CAPS.openInvitations - 2, copies);
    assert.deepEqual(
      statusesOf(await Promise.all([invite('a@example.com'), invite('b@example.com')])),
      [201, 409],
    );
    assertFull(await invite('c@example.com'), /^There are 100 open invitations to this project/);
    assert.equal((await invite('first@example.com')).status, 201);
    await runSql(config, "UPDATE invitations SET expires_at = 1 WHERE id = 'invitations_1'");
    assert.equal((await invite('c@example.com')).status, 201);
    await runSql(config, 'DELETE FROM invitations');
  });

  it('can own up to 100 projects by creating them', async () => {
    const create = () => owner.call('POST', '/app/v1/projects', { body: { name: 'x' } });
    const owned = 'project_members';
    await copyRow(config, 'projects', project_id, CAPS.projectsPerPerson - 1 - (await count(owned)));
    await runSql(
      config,
      `INSERT INTO project_members SELECT projects.id, person_id, role, m.created_at FROM projects, project_members m
       WHERE projects.id LIKE 'projects_%' AND m.project_id = '${project_id}'`,
    );
    assert.deepEqual(statusesOf(await Promise.all([create(), create()])), [201, 409]);
    assertFull(await create(), /^There are 100 projects that you are a member of already/);
    const projects = await count('projects');
    await create();
    assert.equal(await count('projects'), projects, 'a refused project leaves nothing');
  });

  it('keep their newest 100 sessions', async () => {
    const browser = await join(owner, project_id, 'analyst', 'Many');
    const many = "SELECT s.id FROM sessions s JOIN people p ON p.id = s.person_id WHERE p.name = 'Many'";
    const [{ id } = {}] = await runSql(config, many);
    await copyRow(config, 'sessions', String(id), CAPS.sessionsPerPerson - 1, { token: "'token' || i" });
    assert.equal((await browser.call('GET', '/app/v1/session')).status, 200);
    clock.advance(1_000);
    const next = await signIn(api.url, 'many@example.com');
    assert.equal((await next.call('GET', '/app/v1/session')).status, 200);
    const own = (await next.call('GET', '/app/v1/sessions')).body.data;
    assert.equal(own.length, CAPS.sessionsPerPerson);
    assert.ok(own.some(({ is_current }: { is_current: boolean }) => is_current));
  });
});
