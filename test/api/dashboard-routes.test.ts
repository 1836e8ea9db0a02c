import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Route } from '../../src/api/route.ts';
import { EVENT_STREAM } from '../../src/api/streamed.ts';
import { KEY_SCOPES, ROLE_SCOPES, ROLES, type Role, type Scope } from '../../src/directory/scopes.ts';
import { DASHBOARD_ROUTES, ROUTES } from '../../src/routes.ts';
import { type Browser, join, openBrowser, setUp, stepUp } from '../support/browser.ts';
import { type Answer, connect, initProject, startTestServer } from '../support/harness.ts';
import { nameOf } from '../support/route-request.ts';

const api = await startTestServer();
const { project_id: mine, server_key } = api.project;
const theirs = await initProject(api.config);
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const browsers: Record<Role, Browser> = {
  owner,
  admin: await join(owner, mine, 'admin', 'Admin'),
  developer: await join(owner, mine, 'developer', 'Dev'),
  analyst: await join(owner, mine, 'analyst', 'Ana'),
};
await stepUp(browsers.admin);
await stepUp(browsers.developer);
await stepUp(browsers.analyst);
// The first account owns both projects, so requests to another project come from a member of only one.
const outsider = browsers.analyst;

const isScope = (access: string): access is Scope =>
  [...KEY_SCOPES, 'members:read', 'members:write'].includes(access);
const inProject = DASHBOARD_ROUTES.filter(({ path }) => path.includes('{project_id}'));
const accountRoutes = DASHBOARD_ROUTES.filter(({ access }) => access === 'signed_in');

/** An id that does not exist. Permissions are checked first, so a caller without them never gets a 404. */
const MISSING_ID = 'xxx_00000000000000000000000000';

function pathOf(route: Route, projectId = mine): string {
  return route.path.replace('{project_id}', projectId).replaceAll(/\{\w+\}/g, MISSING_ID);
}

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
}

/** A stream would stay open, so these tests send HEAD, which gets the same status as GET. */
const methodOf = ({ method, answer }: Route) => (answer.contentType === EVENT_STREAM ? 'HEAD' : method);

const send = (who: Pick<Browser, 'call'>, route: Route, projectId?: string) =>
  who.call(route.method, pathOf(route, projectId), route.body ? { body: { wrong: true } } : {});

describe('dashboard routes', () => {
  it('provides every API route to the dashboard, except routes about the calling key', () => {
    const expected = ROUTES.filter(
      ({ path, access, dialect }) =>
        path.startsWith('/v1/') && access !== 'any_key' && access !== 'public' && !dialect,
    )
      .map(({ method, path }) => `${method} /app/v1/projects/{project_id}${path.slice(3)}`)
      .sort();
    const mirrored = inProject.map(nameOf).filter((name) => !/\/(members|invitations)/.test(name));
    assert.deepEqual(mirrored.sort(), expected);
    assert.ok(expected.length > 15);
  });

  for (const route of inProject) {
    const { access } = route;
    assert.ok(isScope(access), `${nameOf(route)} asks for a scope`);
    for (const role of ROLES) {
      const may = ROLE_SCOPES[role].includes(access);
      it(`${may ? 'allows' : 'does not allow'} the ${role} role to call ${nameOf(route)}`, async () => {
        if (may) {
          const { status } = await browsers[role].call(
            methodOf(route),
            pathOf(route),
            route.body ? { body: {} } : {},
          );
          assert.ok(![401, 403].includes(status), `it answered ${status}`);
        } else {
          const answer = await send(browsers[role], route);
          assertProblem(answer, 403, 'insufficient_scope');
          assert.deepEqual(answer.body.required, [access]);
          assert.deepEqual(answer.body.granted, ROLE_SCOPES[role]);
        }
      });
    }

    it(`returns the same 404 from ${nameOf(route)} for another project and for a missing one`, async () => {
      const [foreign, missing] = [
        await send(outsider, route, theirs.project_id),
        await send(outsider, route, 'proj_00000000000000000000000000'),
      ];
      assertProblem(foreign, 404, 'not_found');
      const bare = ({ body }: Answer) => ({ ...body, request_id: '' });
      assert.deepEqual(bare(foreign), bare(missing));
    });
  }

  for (const route of [...inProject, ...accountRoutes]) {
    it(`requires a session, not an API key, for ${nameOf(route)}`, async () => {
      const withKey = openBrowser(api.url, { authorization: `Bearer ${server_key}` });
      assertProblem(await send(withKey, route), 401, 'not_signed_in');
      assertProblem(await send(openBrowser(api.url), route), 401, 'not_signed_in');
      const forged = openBrowser(api.url, { cookie: `appflow_session=${'x'.repeat(32)}` });
      assertProblem(await send(forged, route), 401, 'not_signed_in');
    });
  }

  it('rejects a session on every /v1 route', async () => {
    const { cookie } = owner;
    // Routes of other SDKs may have their key in the body.
    for (const route of ROUTES.filter(({ access, dialect }) => access !== 'public' && !dialect)) {
      const answer = await connect(api.url).call(route.method, pathOf(route), {
        headers: { cookie: cookie() },
      });
      assertProblem(answer, 401, 'missing_api_key');
    }
  });

  it('returns the same fields from dashboard routes as from the API', async () => {
    for (const path of ['/apps', '/project', '/api-keys', '/events', '/analytics/daily?days=1']) {
      const [fromDashboard, fromApi] = [
        await owner.call('GET', `/app/v1/projects/${mine}${path}`),
        await api.call('GET', `/v1${path}`, { key: server_key }),
      ];
      assert.equal(fromDashboard.status, 200, fromDashboard.text);
      assert.deepEqual(Object.keys(fromDashboard.body), Object.keys(fromApi.body));
    }
  });

  it('records the member who created a key, and hides the key from other projects', async () => {
    const body = { name: 'From the dashboard', type: 'client' };
    const made = await owner.call('POST', `/app/v1/projects/${mine}/api-keys`, { body });
    assert.equal(made.status, 201, made.text);
    assert.match(made.body.created_by, /^usr_/);
    const foreign = await owner.call('GET', `/app/v1/projects/${theirs.project_id}/api-keys/${made.body.id}`);
    assertProblem(foreign, 404, 'not_found');
  });

  it('replays a request with the same Idempotency-Key only within the same session', async () => {
    const body = { name: 'Once', type: 'client' };
    const headers = { 'idempotency-key': 'dashboard-1' };
    const path = `/app/v1/projects/${mine}/api-keys`;
    const first = await owner.call('POST', path, { body, headers });
    assert.equal((await owner.call('POST', path, { body, headers })).body.key, first.body.key);
    const other = await browsers.admin.call('POST', path, { body, headers });
    assert.notEqual(other.body.id, first.body.id);
  });
});

describe('routes that members may call about themselves', () => {
  const aboutSelf = inProject.filter(({ selfParam }) => selfParam !== undefined);
  for (const route of aboutSelf) {
    for (const role of ROLES) {
      it(`allows the ${role} role to call ${nameOf(route)} about their own membership`, async () => {
        const leaver = await join(owner, mine, role, `Leaving-${role}`);
        await stepUp(leaver);
        const { body } = await leaver.call('GET', '/app/v1/session');
        const path = pathOf(route).replace(MISSING_ID, body.user.id);
        const answer = await leaver.call(methodOf(route), path);
        assert.ok(answer.status < 300, answer.text);
      });
    }
  }
});
