import assert from 'node:assert/strict';
import { it } from 'node:test';
import { join, openBrowser, setUp, stepUp } from '../support/browser.ts';
import { startTestServer } from '../support/harness.ts';
import { until } from '../support/until.ts';

const api = await startTestServer({ TRUSTED_PROXIES: '127.0.0.0/8' });
const { project_id, server_key, app_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const PATH = `/app/v1/projects/${project_id}`;

type Entry = {
  action: string;
  actor: { id: string; name?: string };
  target: string;
  target_name?: string;
  ip: string | null;
};
const list = async (query = ''): Promise<Entry[]> => {
  const { status, body, text } = await owner.call('GET', `${PATH}/audit-log?limit=200${query}`);
  assert.equal(status, 200, text);
  return body.data;
};
const find = async (action: string) =>
  (await list()).find((entry) => entry.action === action) ?? assert.fail(action);

it('names removed members, deleted apps and accepted invitations in the audit log', async () => {
  const guest = await join(owner, project_id, 'admin', 'Guest');
  const { id } = (await guest.call('GET', '/app/v1/session')).body.user;
  await guest.call('PATCH', `${PATH}/apps/${app_id}`, { body: { name: 'By guest' } });
  await stepUp(owner);
  assert.equal((await owner.call('DELETE', `${PATH}/apps/${app_id}`)).status, 200);
  assert.equal((await owner.call('DELETE', `${PATH}/members/${id}`)).status, 204);
  const updated = await find('app.updated');
  assert.deepEqual([updated.actor.name, updated.target_name], ['Guest', 'By guest']);
  assert.deepEqual((await find('member.removed')).target_name, 'Guest');
  assert.deepEqual((await find('invitation.created')).target_name, 'guest@example.com');
  assert.equal((await find('project.created')).target_name, 'Test');
});

it('reveals no name of a person to a key', async () => {
  const { body } = await api.call('GET', '/v1/audit-log?limit=200', { key: server_key });
  assert.ok(body.data.length > 5);
  for (const entry of body.data as Entry[]) {
    assert.equal(entry.actor.name, undefined);
    assert.equal(entry.target_name, undefined);
  }
});

it('is filtered by address, alone and with other filters', async () => {
  const stranger = openBrowser(api.url, { 'x-forwarded-for': '203.0.113.9' });
  const body = { email: 'owner@example.com', password: 'wrong password 1' };
  assert.equal((await stranger.call('POST', '/app/v1/sign-in', { body })).status, 401);
  await until('the failure is listed', async () => (await list('&ip=203.0.113.9')).length > 0);
  const found = await list('&ip=203.0.113.9');
  assert.deepEqual(
    found.map(({ action, ip }) => [action, ip]),
    [['authentication.failed', '203.0.113.9']],
  );
  assert.deepEqual(await list('&ip=203.0.113.9&action=authentication.failed'), found);
  assert.deepEqual(await list('&ip=203.0.113.9&action=app.updated'), []);
  assert.deepEqual(await list('&ip=203.0.113.90'), []);
});
