import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Browser, join, openBrowser, PASSWORD, setUp, stepUp, tokenOf } from '../support/browser.ts';
import { type Answer, startTestServer } from '../support/harness.ts';

const api = await startTestServer();
const { project_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);

const inProject = (path: string) => `/app/v1/projects/${project_id}${path}`;
const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
const idOf = async (who: Browser): Promise<string> => (await who.call('GET', '/app/v1/session')).body.user.id;
const remove = (who: Browser, id: string) => who.call('DELETE', inProject(`/members/${id}`));
const leave = async (who: Browser) => {
  await stepUp(who);
  return remove(who, await idOf(who));
};

describe('leaving a project', () => {
  for (const role of ['admin', 'developer', 'analyst']) {
    it(`removes a leaving ${role} from this project only`, async () => {
      const leaver = await join(owner, project_id, role, `Leaving-${role}`);
      const { body: other } = await leaver.call('POST', '/app/v1/projects', { body: { name: 'Own' } });
      assert.equal((await leave(leaver)).status, 204);
      assertProblem(await leaver.call('GET', inProject('/project')), 404, 'not_found');
      const { body: session } = await leaver.call('GET', '/app/v1/session');
      assert.deepEqual(
        session.projects.map(({ id }: { id: string }) => id),
        [other.id],
      );
      assertProblem(await leave(leaver), 404, 'not_found');
    });
  }

  it('records a leaving member in the audit log as both actor and target', async () => {
    const leaver = await join(owner, project_id, 'developer', 'Leaver');
    const id = await idOf(leaver);
    assert.equal((await leave(leaver)).status, 204);
    const { body } = await owner.call('GET', inProject('/audit-log?action=member.removed&limit=1'));
    const [{ actor, target, diff }] = body.data;
    assert.deepEqual(
      { actor, target, diff },
      { actor: { type: 'member', id, name: 'Leaver' }, target: id, diff: { role: ['developer', null] } },
    );
  });

  it('withdraws the invitations of a member who leaves', async () => {
    const leaver = await join(owner, project_id, 'admin', 'Host');
    await stepUp(leaver);
    const invited = await leaver.call('POST', inProject('/invitations'), {
      body: { email: 'guest@example.com', role: 'analyst' },
    });
    assert.equal((await leave(leaver)).status, 204);
    const body = { token: tokenOf(invited.body.link), name: 'Guest', password: PASSWORD };
    const late = await openBrowser(api.url).call('POST', '/app/v1/invitations/accept', { body });
    assertProblem(late, 404, 'not_found');
  });

  it('does not let a member remove others without members:write', async () => {
    const [one, other] = [
      await join(owner, project_id, 'developer', 'One'),
      await join(owner, project_id, 'developer', 'Other'),
    ];
    assertProblem(await remove(one, await idOf(other)), 403, 'insufficient_scope');
    assert.equal((await other.call('GET', inProject('/project'))).status, 200);
  });

  it('rejects leaving with a wrong CSRF token', async () => {
    const member = await join(owner, project_id, 'analyst', 'Lured');
    const path = inProject(`/members/${await idOf(member)}`);
    const forged = await member.call('DELETE', path, { headers: { 'x-appflow-csrf': 'guess' } });
    assertProblem(forged, 403, 'csrf_rejected');
    assert.equal((await member.call('GET', inProject('/project'))).status, 200);
  });
});

describe('the last owner', () => {
  it('does not let the last owner leave, and says what to do first', async () => {
    const answer = await leave(owner);
    assertProblem(answer, 409, 'conflict');
    assert.equal(answer.body.detail, 'You are the last owner. Make another member an owner first.');
    assert.equal((await owner.call('GET', inProject('/project'))).status, 200);
  });

  it('lets only one of two owners leave if both try at the same time', async () => {
    const second = await join(owner, project_id, 'owner', 'Second');
    const answers = await Promise.all([leave(owner), leave(second)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 409]);
  });
});
