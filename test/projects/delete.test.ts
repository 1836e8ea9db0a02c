import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { DAY_MS } from '../../src/lib/durations.ts';
import { type Browser, join, openBrowser, PASSWORD, setUp, stepUp, tokenOf } from '../support/browser.ts';
import { type Answer, makeClock, makeKey, startTestServer } from '../support/harness.ts';

// better-auth creates sessions by the system clock.
mock.timers.enable({ apis: ['Date'], now: Date.now() });
const clock = makeClock();
const advance = (ms: number) => {
  mock.timers.tick(ms);
  clock.set(Date.now());
};
const api = await startTestServer({}, { clock });
const { project_id: id, server_key, client_key, read_only_key, app_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const admin = await join(owner, id, 'admin', 'Admin');

const PATH = `/app/v1/projects/${id}`;
const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
const self = (key: string) => api.call('GET', '/v1/api-keys/self', { key });
const listProjects = async (browser: Browser, query = '') =>
  (await browser.call('GET', `/app/v1/projects${query}`)).body.data.map((one: { id: string }) => one.id);
const listAudit = async () =>
  (await owner.call('GET', `${PATH}/audit-log`)).body.data.map((one: { action: string }) => one.action);

const remove = async (browser = owner, path = PATH) => {
  await stepUp(browser);
  return browser.call('DELETE', path);
};
const restore = async (browser = owner, body: object = { deleted: false }) => {
  await stepUp(browser);
  return browser.call('PATCH', PATH, { body });
};

describe('a deleted project', () => {
  it('is deleted and restored only by an owner who entered the password again', async () => {
    advance(11 * 60_000);
    assertProblem(await owner.call('DELETE', PATH), 403, 'step_up_required');
    assertProblem(await owner.call('PATCH', PATH, { body: { deleted: false } }), 403, 'step_up_required');
    assertProblem(await remove(admin), 403, 'exceeds_own_permissions');
    assertProblem(await restore(admin), 403, 'exceeds_own_permissions');
    assertProblem(await remove(owner, `${PATH}x`), 404, 'not_found');
    assert.equal((await self(server_key)).status, 200, 'nothing was changed');
  });

  it('refuses its keys, says why, and leaves them as they were once it is restored', async () => {
    const disabled = await makeKey(api, { type: 'server', disabled: true });
    const etagOf = async () => (await self(server_key)).body.etag;
    const before = await etagOf();
    assert.equal((await remove()).status, 200);
    for (const key of [server_key, client_key, read_only_key]) {
      const answer = await self(key);
      assertProblem(answer, 401, 'api_key_disabled');
      assert.match(answer.body.detail, /project of this key was deleted.*restore it.*30 days/i);
      assert.match(
        String(answer.headers.get('www-authenticate')),
        /error_description="The project was deleted"/,
      );
    }
    const body = { app_id, events: [{ event_id: 'late', event_name: 'late', app_user_id: 'u' }] };
    assertProblem(await api.call('POST', '/v1/events', { key: client_key, body }), 401, 'api_key_disabled');
    assert.equal((await restore()).status, 200);
    assert.equal(await etagOf(), before);
    assertProblem(await self(disabled.key), 401, 'api_key_disabled');
    assert.doesNotMatch((await self(disabled.key)).body.detail, /project/);
  });

  it('ends the streams of its keys and members', async () => {
    const byKey = await openTail('/v1/events/stream', { authorization: `Bearer ${server_key}` });
    const byMember = await openTail(`${PATH}/events/stream`, { cookie: admin.cookie() });
    assert.equal((await remove()).status, 200);
    assert.match(await byKey(), /event: closed\ndata: \{"code":"api_key_disabled"\}/);
    assert.match(await byMember(), /event: closed\ndata: \{"code":"not_found"\}/);
    assert.equal((await restore()).status, 200);
  });

  it('is hidden from its members, and listed for restoring', async () => {
    const { body } = await remove();
    assert.equal(body.deleted_at, new Date(clock.now()).toISOString());
    for (const browser of [owner, admin]) {
      assert.deepEqual((await browser.call('GET', '/app/v1/session')).body.projects, []);
      assert.deepEqual(await listProjects(browser), []);
      assert.deepEqual(await listProjects(browser, '?deleted=true'), [id]);
      assertProblem(await browser.call('GET', `${PATH}/project`), 404, 'not_found');
    }
    assertProblem(await owner.call('PATCH', `${PATH}/project`, { body: { name: 'x' } }), 404, 'not_found');
    assert.equal((await restore()).body.deleted_at, null);
    assert.deepEqual(await listProjects(admin), [id]);
    assert.deepEqual(await listProjects(owner, '?deleted=true'), []);
  });

  it('is in the audit log once per change, however often it is deleted or restored', async () => {
    const before = await listAudit();
    await remove();
    const first = (await remove()).body.deleted_at;
    advance(1_000);
    assert.equal((await remove()).body.deleted_at, first, 'the 30 days count from the first time');
    await restore();
    await restore();
    const added = (await listAudit()).slice(0, -before.length);
    const changes = added.filter((action: string) => action.startsWith('project.'));
    assert.deepEqual(changes, ['project.restored', 'project.deleted']);
  });

  it('cannot be joined by invitation until it is restored', async () => {
    await stepUp(owner);
    const invited = await owner.call('POST', `${PATH}/invitations`, {
      body: { email: 'late@example.com', role: 'analyst' },
    });
    const token = tokenOf(invited.body.link);
    const accept = () =>
      openBrowser(api.url).call('POST', '/app/v1/invitations/accept', {
        body: { token, name: 'Late', password: PASSWORD },
      });
    await remove();
    assertProblem(await accept(), 404, 'not_found');
    await restore();
    const accepted = await accept();
    assert.equal(accepted.status, 200, accepted.text);
  });

  it('can be restored until 30 days after its deletion, and not later', async () => {
    await remove();
    advance(30 * DAY_MS - 1);
    const late = await openSignedIn();
    assert.deepEqual(await listProjects(late, '?deleted=true'), [id]);
    assert.equal((await restore(late)).status, 200);
    await remove(late);
    advance(30 * DAY_MS);
    const tooLate = await openSignedIn();
    assert.deepEqual(await listProjects(tooLate, '?deleted=true'), []);
    const answer = await restore(tooLate);
    assertProblem(answer, 409, 'conflict');
    assert.match(answer.body.detail, /more than 30 days ago/);
    assertProblem(await self(server_key), 401, 'api_key_disabled');
  });
});

/** Opens a live tail and returns a function that waits for its end and returns its text. */
async function openTail(path: string, headers: Record<string, string>): Promise<() => Promise<string>> {
  const response = await fetch(api.url + path, { headers });
  assert.equal(response.status, 200);
  return () => response.text();
}

/** Sessions last seven days. */
async function openSignedIn(): Promise<Browser> {
  const browser = openBrowser(api.url);
  const body = { email: 'owner@example.com', password: PASSWORD };
  assert.equal((await browser.call('POST', '/app/v1/sign-in', { body })).status, 200);
  return browser;
}
