import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS } from '../../src/lib/durations.ts';
import {
  type Browser,
  join,
  openBrowser,
  PASSWORD,
  setUp,
  signIn,
  stepUp,
  tokenOf,
} from '../support/browser.ts';
import { type Answer, initProject, makeClock, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const other = await initProject(api.config);
const { project_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const inProject = (path: string) => `/app/v1/projects/${project_id}${path}`;
const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);

type Member = { id: string; email: string; role: string; is_you: boolean };

async function listMembers(): Promise<Member[]> {
  return (await owner.call('GET', inProject('/members'))).body.data;
}
const idOf = async (email: string) =>
  (await listMembers()).find((member) => member.email === email)?.id ?? assert.fail(email);
const setRole = async (who: Browser, email: string, role: string) =>
  who.call('PATCH', inProject(`/members/${await idOf(email)}`), { body: { role } });
const inviteTo = (who: Browser, email: string, role: string, project = project_id) =>
  who.call('POST', `/app/v1/projects/${project}/invitations`, { body: { email, role } });
const accept = (browser: Browser, body: object) =>
  browser.call('POST', '/app/v1/invitations/accept', { body });

await stepUp(owner);
const admin = await join(owner, project_id, 'admin', 'Admin');
const developer = await join(owner, project_id, 'developer', 'Dev');
await stepUp(admin);

describe('members', () => {
  it('lists members with their roles and marks the current user', async () => {
    const members = await listMembers();
    assert.deepEqual(
      members.map(({ email, role, is_you }) => [email, role, is_you]),
      [
        ['owner@example.com', 'owner', true],
        ['admin@example.com', 'admin', false],
        ['dev@example.com', 'developer', false],
      ],
    );
  });

  it('allows only owners to create, change, invite or remove owners', async () => {
    assertProblem(await setRole(admin, 'owner@example.com', 'analyst'), 403, 'exceeds_own_permissions');
    assertProblem(await setRole(admin, 'dev@example.com', 'owner'), 403, 'exceeds_own_permissions');
    assertProblem(await setRole(admin, 'admin@example.com', 'owner'), 403, 'exceeds_own_permissions');
    const ownerId = await idOf('owner@example.com');
    assertProblem(
      await admin.call('DELETE', inProject(`/members/${ownerId}`)),
      403,
      'exceeds_own_permissions',
    );
    assertProblem(await inviteTo(admin, 'x@example.com', 'owner'), 403, 'exceeds_own_permissions');
  });

  it("keeps an owner's invitation when an admin invites the same address, or withdraws it", async () => {
    const { body: invited } = await inviteTo(owner, 'second@example.com', 'owner');
    for (const role of ['admin', 'analyst'])
      assertProblem(await inviteTo(admin, 'SECOND@example.com', role), 403, 'exceeds_own_permissions');
    const path = inProject(`/invitations/${invited.id}`);
    assertProblem(await admin.call('DELETE', path), 403, 'exceeds_own_permissions');
    const body = { token: tokenOf(invited.link) };
    assert.equal((await openBrowser(api.url).call('POST', '/app/v1/invitations/look', { body })).status, 200);
    const { body: replaced } = await inviteTo(owner, 'second@example.com', 'analyst');
    assertProblem(
      await openBrowser(api.url).call('POST', '/app/v1/invitations/look', { body }),
      404,
      'not_found',
    );
    assert.equal(
      (await inviteTo(admin, 'second@example.com', 'developer')).status,
      201,
      'not an owner any more',
    );
    assertProblem(await admin.call('DELETE', inProject(`/invitations/${replaced.id}`)), 404, 'not_found');
  });

  it('never removes or demotes the last owner', async () => {
    const ownerId = await idOf('owner@example.com');
    assertProblem(await owner.call('DELETE', inProject(`/members/${ownerId}`)), 409, 'conflict');
    assertProblem(await setRole(owner, 'owner@example.com', 'analyst'), 409, 'conflict');
  });

  it('keeps one of two owners who step down at the same time', async () => {
    assert.equal((await setRole(owner, 'admin@example.com', 'owner')).status, 204);
    const answers = await Promise.all([
      setRole(owner, 'owner@example.com', 'admin'),
      setRole(admin, 'admin@example.com', 'admin'),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 409]);
    const [left] = (await listMembers()).filter(({ role }) => role === 'owner');
    const [restored, gone] = left?.email === 'owner@example.com' ? [owner, admin] : [admin, owner];
    assert.equal((await setRole(restored, 'owner@example.com', 'owner')).status, 204);
    assert.equal((await setRole(restored, 'admin@example.com', 'admin')).status, 204);
    assert.ok(gone);
  });

  it('applies a new role to the next request', async () => {
    const path = inProject('/api-keys');
    const body = { name: 'Phones', type: 'client' };
    assertProblem(await developer.call('POST', path, { body }), 403, 'insufficient_scope');
    assert.equal((await setRole(owner, 'dev@example.com', 'admin')).status, 204);
    assert.equal((await developer.call('POST', path, { body })).status, 201);
    assert.equal((await setRole(owner, 'dev@example.com', 'developer')).status, 204);
    assertProblem(await developer.call('POST', path, { body }), 403, 'insufficient_scope');
  });

  it('hides the project from a removed member and withdraws their invitations', async () => {
    const leaver = await join(owner, project_id, 'admin', 'Leaver');
    await stepUp(leaver);
    const { body: invitation } = await inviteTo(leaver, 'friend@example.com', 'analyst');
    const id = await idOf('leaver@example.com');
    assert.equal((await owner.call('DELETE', inProject(`/members/${id}`))).status, 204);
    assertProblem(await leaver.call('GET', inProject('/apps')), 404, 'not_found');
    assert.deepEqual((await leaver.call('GET', '/app/v1/session')).body.projects, []);
    const body = { token: tokenOf(invitation.link), name: 'Friend', password: PASSWORD };
    assertProblem(await accept(openBrowser(api.url), body), 404, 'not_found');
    assertProblem(await owner.call('DELETE', inProject(`/members/${id}`)), 404, 'not_found');
  });

  it('records the actor, the target and the roles in the audit log', async () => {
    const { body } = await owner.call('GET', inProject('/audit-log?action=member.updated'));
    const [last] = body.data;
    assert.deepEqual(last.diff, { role: ['admin', 'developer'] });
    assert.equal(last.target, await idOf('dev@example.com'));
    assert.partialDeepStrictEqual(last.actor, { type: 'member', id: await idOf('owner@example.com') });
  });
});

describe('invitations', () => {
  it('shows an invitation to its holder, and its token only once', async () => {
    const { body: made } = await inviteTo(owner, 'New@Example.com', 'analyst');
    assert.ok(made.link.startsWith(`${api.url}/invite#`));
    const { body: look } = await openBrowser(api.url).call('POST', '/app/v1/invitations/look', {
      body: { token: tokenOf(made.link) },
    });
    const expected = { project_name: 'Test', role: 'analyst', email: 'new@example.com', has_account: false };
    assert.deepEqual(look, expected);
    const listed = await owner.call('GET', inProject('/invitations'));
    assert.equal(listed.body.data[0].email, 'new@example.com');
    assert.ok(!listed.text.includes(tokenOf(made.link)));
  });

  it('accepts one of ten concurrent uses of an invitation', async () => {
    const { body: made } = await inviteTo(owner, 'once@example.com', 'analyst');
    const body = { token: tokenOf(made.link), name: 'Once', password: PASSWORD };
    const answers = await Promise.all(Array.from({ length: 10 }, () => accept(openBrowser(api.url), body)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assertProblem(await accept(openBrowser(api.url), body), 404, 'not_found');
    assert.equal((await listMembers()).filter(({ email }) => email === 'once@example.com').length, 1);
  });

  it('accepts an invitation for 7 days', async () => {
    const { body: made } = await inviteTo(owner, 'late@example.com', 'analyst');
    const start = clock.now();
    const lookUp = () =>
      openBrowser(api.url).call('POST', '/app/v1/invitations/look', { body: { token: tokenOf(made.link) } });
    clock.set(start + 7 * DAY_MS - 1);
    assert.equal((await lookUp()).status, 200);
    clock.set(start + 7 * DAY_MS);
    assertProblem(await lookUp(), 404, 'not_found');
    const body = { token: tokenOf(made.link), name: 'Late', password: PASSWORD };
    assertProblem(await accept(openBrowser(api.url), body), 404, 'not_found');
    clock.set(start);
  });

  it('rejects an invitation that was withdrawn or replaced by a newer one for the same address', async () => {
    const first = await inviteTo(owner, 'two@example.com', 'analyst');
    const second = await inviteTo(owner, 'two@example.com', 'developer');
    const acceptIt = ({ body }: Answer) =>
      accept(openBrowser(api.url), { token: tokenOf(body.link), name: 'Two', password: PASSWORD });
    assertProblem(await acceptIt(first), 404, 'not_found');
    assert.equal((await owner.call('DELETE', inProject(`/invitations/${second.body.id}`))).status, 204);
    assertProblem(await acceptIt(second), 404, 'not_found');
  });

  it('accepts an invitation only from its own account, signed in or with the password', async () => {
    const guest = await join(owner, project_id, 'analyst', 'Guest');
    const first = await inviteTo(owner, 'guest@example.com', 'developer', other.project_id);
    const token = tokenOf(first.body.link);
    assertProblem(await accept(admin, { token }), 409, 'conflict');
    assertProblem(await accept(openBrowser(api.url), { token }), 422, 'validation_failed');
    const wrong = { token, password: 'not the password' };
    assertProblem(await accept(openBrowser(api.url), wrong), 401, 'invalid_credentials');
    const joined = await accept(guest, { token });
    assert.equal(joined.status, 200, joined.text);
    assert.equal(joined.body.projects.length, 2);
    assertProblem(await inviteTo(owner, 'guest@example.com', 'analyst', other.project_id), 409, 'conflict');
  });

  it('returns 404 for an invitation in another project', async () => {
    const { body: made } = await inviteTo(owner, 'far@example.com', 'analyst', other.project_id);
    assertProblem(await admin.call('DELETE', inProject(`/invitations/${made.id}`)), 404, 'not_found');
    const strangers = await admin.call('GET', `/app/v1/projects/${other.project_id}/members`);
    assertProblem(strangers, 404, 'not_found');
  });

  it('ignores a session without its CSRF token when accepting an invitation', async () => {
    const guest = await signIn(api.url, 'guest@example.com');
    const { body: made } = await inviteTo(owner, 'guest2@example.com', 'analyst');
    const bare = openBrowser(api.url, { cookie: guest.cookie() });
    assertProblem(await accept(bare, { token: tokenOf(made.link) }), 422, 'validation_failed');
  });
});

it('gives the creator of a project the owner role', async () => {
  const { status, body } = await developer.call('POST', '/app/v1/projects', { body: { name: ' Mine ' } });
  assert.equal(status, 201);
  assert.deepEqual([body.name, body.role], ['Mine', 'owner']);
  const { body: list } = await developer.call('GET', '/app/v1/projects');
  assert.deepEqual(list.data.map(({ role }: Member) => role).sort(), ['developer', 'owner']);
  assertProblem(await owner.call('GET', `/app/v1/projects/${body.id}/apps`), 404, 'not_found');
});
