import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isGuardedChange } from '../../src/keys/step-up-rules.ts';
import { UPDATE_KEY_BODY } from '../../src/keys/update.ts';
import { join, setUp, stepUp } from '../support/browser.ts';
import { type Answer, makeClock, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { project_id, app_id, server_key } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const inProject = (path: string) => `/app/v1/projects/${project_id}${path}`;
const forget = () => clock.advance(10 * 60_000);

const createKey = async (fields: object) => {
  const body = { name: 'Backend', ...fields };
  const answer = await api.call('POST', '/v1/api-keys', { key: server_key, body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.id as string;
};
const patchKey = (id: string, body: object) => owner.call('PATCH', inProject(`/api-keys/${id}`), { body });
const assertAsks = (answer: Answer) =>
  assert.deepEqual([answer.status, answer.body.code], [403, 'step_up_required'], answer.text);
const assertDone = ({ status, text }: Answer) => assert.ok(status === 200 || status === 204, text);

/** Fails unless `change` is refused without a recent password, and works with one. */
async function assertNeedsPassword(change: () => Promise<Answer>): Promise<void> {
  forget();
  assertAsks(await change());
  await stepUp(owner);
  assertDone(await change());
}

describe('a recent password is required', () => {
  for (const [type, scope] of [
    ['server', 'events:write'],
    ['read_only', 'analytics:read'],
  ] as const)
    it(`to change what a ${type} key may do, or to enable it`, () => assertChangesNeedPassword(type, scope));

  async function assertChangesNeedPassword(type: string, scope: string): Promise<void> {
    const fields = { type, ip_allowlist: ['203.0.113.1'], scopes: [scope] };
    const id = await createKey({ ...fields, app_ids: [app_id] });
    const later = new Date(clock.now() + 86_400_000).toISOString();
    for (const body of [
      { ip_allowlist: [] },
      { ip_allowlist: ['203.0.113.1', '198.51.100.0/24'] },
      { scopes: [scope, 'project:read'] },
      { scopes: null },
      { app_ids: null },
      { expires_at: later },
      { expires_at: null },
      { rate_limits: { analytics: { requests: { rate: 1, burst: 1 } } } },
      { disabled: false },
    ])
      await assertNeedsPassword(() => patchKey(id, body));
  }

  it('for every field of a server or read-only key that can be changed, but its name and metadata', () => {
    for (const type of ['server', 'read_only']) {
      const free = Object.keys(UPDATE_KEY_BODY.properties).filter(
        (field) => !isGuardedChange(type, { [field]: [] }),
      );
      assert.deepEqual(free.sort(), ['metadata', 'name']);
    }
  });

  it('to restore or rotate a server or read-only key', async () => {
    for (const type of ['server', 'read_only']) {
      const id = await createKey({ type });
      await assertNeedsPassword(() => owner.call('POST', inProject(`/api-keys/${id}/rotate`), { body: {} }));
      assertDone(await owner.call('DELETE', inProject(`/api-keys/${id}`)));
      await assertNeedsPassword(() => owner.call('POST', inProject(`/api-keys/${id}/restore`)));
    }
  });

  it('to change the rules for all keys of a project', async () => {
    for (const body of [
      { max_key_lifetime_days: null },
      { leaked_key_policy: 60 },
      { rate_limits: { analytics: { requests: { rate: 1_000, burst: 1_000 } } } },
    ])
      await assertNeedsPassword(() => owner.call('PATCH', inProject('/project'), { body }));
  });

  it('to change any role, and to remove a member', async () => {
    forget();
    const member = await join(owner, project_id, 'developer', 'Member');
    const { id } = (await member.call('GET', '/app/v1/session')).body.user;
    const path = inProject(`/members/${id}`);
    for (const role of ['admin', 'analyst'])
      await assertNeedsPassword(() => owner.call('PATCH', path, { body: { role } }));
    await assertNeedsPassword(() => owner.call('DELETE', path));
  });
});

describe('no password is required', () => {
  it('to disable, revoke or rename a key, or to change one that can only send events', async () => {
    forget();
    for (const type of ['server', 'read_only']) {
      const id = await createKey({ type });
      for (const body of [{ name: 'Renamed' }, { metadata: { team: 'a' } }, { disabled: true }])
        assertDone(await patchKey(id, body));
      assertDone(await owner.call('DELETE', inProject(`/api-keys/${id}`)));
    }
    assertDone(await patchKey(await createKey({ type: 'client', app_ids: [app_id] }), { app_ids: null }));
  });

  it('to rename a project, or to say whether unverified revenue counts', async () => {
    const body = { name: 'Renamed', count_unverified_revenue: false };
    assertDone(await owner.call('PATCH', inProject('/project'), { body }));
  });
});
