import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KEY_SCOPES } from '../../src/directory/scopes.ts';
import { createSecret } from '../../src/directory/secret.ts';
import { ROUTES } from '../../src/routes.ts';
import { startChildServer } from '../support/child-server.ts';
import {
  type Answer,
  initProject,
  makeClock,
  makeConfig,
  makeKey,
  makeTempDir,
  startTestServer,
  type TestServer,
} from '../support/harness.ts';
import { sendRaw } from '../support/raw-http.ts';
import { GUARDED, HARMLESS, idParamOf, nameOf, requestOf } from '../support/route-request.ts';

const ADDRESS_ELSEWHERE = '203.0.113.0/24';
const ORIGIN = 'https://board.example.com';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key, client_key, read_only_key } = api.project;
const soon = new Date(clock.now() + 1_000).toISOString();
const expired = await makeKey(api, { type: 'server', expires_at: soon });
const disabled = await makeKey(api, { type: 'server', disabled: true });
const revoked = await makeKey(api, { type: 'server' });
await api.call('DELETE', `/v1/api-keys/${revoked.id}`, { key: server_key });
const elsewhere = await makeKey(api, { type: 'server', ip_allowlist: [ADDRESS_ELSEWHERE] });
const elsewhereReading = await makeKey(api, { type: 'read_only', ip_allowlist: [ADDRESS_ELSEWHERE] });
const onBoard = await makeKey(api, { type: 'read_only', allowed_origins: [ORIGIN] });
const doomed = await makeKey(api, { type: 'server' });
const allButOne = new Map<string, string>();
const onlyOne = new Map<string, string>();
for (const scope of KEY_SCOPES) {
  onlyOne.set(scope, (await makeKey(api, { type: 'server', scopes: [scope] })).key);
  const scopes = KEY_SCOPES.filter((other) => other !== scope);
  allButOne.set(scope, (await makeKey(api, { type: 'server', scopes })).key);
}
clock.advance(1_000);

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.body.code, code, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json\b/);
  assert.equal(answer.body.request_id, answer.headers.get('x-request-id'));
  assert.equal(answer.headers.get('cache-control'), 'no-store');
}

const CHALLENGE = 'Bearer realm="appflow"';
const invalidToken = (description?: string) =>
  `${CHALLENGE}, error="invalid_token"${description ? `, error_description="${description}"` : ''}`;

/** Creates what a route's example is about, in a project of its own. Returns the path parameters that name it. */
const CREATIONS: Record<string, (spare: TestServer) => Promise<Record<string, string>>> = {
  '/v1/annotations/{id}': createBy('/v1/annotations'),
  '/v1/views/{id}': createBy('/v1/views'),
  '/v1/funnels/{id}': createBy('/v1/funnels'),
  async '/v1/users/{app_user_id}'({ project }) {
    const events = [{ event_name: 'app_open', app_user_id: 'someone' }];
    await api.call('POST', '/v1/events', { key: project.server_key, body: { events } });
    return { app_user_id: 'someone' };
  },
  async '/v1/erasures/{id}'({ project }) {
    const { body } = await api.call('DELETE', '/v1/users/someone', { key: project.server_key });
    return { id: body.id };
  },
};

/** Returns how the example of a `POST` route creates something. */
function createBy(path: string): (spare: TestServer) => Promise<{ id: string }> {
  return async ({ project }) => {
    const creating = ROUTES.find((one) => one.method === 'POST' && one.path === path);
    assert.ok(creating);
    const [method, to, options] = requestOf(creating);
    const { status, body, text } = await api.call(method, to, { ...options, key: project.server_key });
    assert.equal(status, 201, text);
    return { id: body.id };
  };
}

/** Requests that must be sent before the example of a route succeeds. */
const PREPARATIONS: Record<string, (id: string) => [method: string, path: string][]> = {
  'POST /v1/api-keys/{id}/end-grace': (id) => [['POST', `/v1/api-keys/${id}/rotate`]],
  'POST /v1/api-keys/{id}/restore': (id) => [['DELETE', `/v1/api-keys/${id}`]],
};

for (const route of GUARDED) {
  const [method, path, options] = requestOf(route);
  const call = (key?: string, headers: Record<string, string> = {}) =>
    api.call(method, path, { ...options, ...(key === undefined ? {} : { key }), headers });

  describe(nameOf(route), () => {
    const refused = async (key: string | undefined, code: string, challenge: string, headers = {}) => {
      const answer = await call(key, headers);
      assertProblem(answer, 401, code);
      assert.equal(answer.headers.get('www-authenticate'), challenge);
    };

    it('returns 401 with a bare challenge for a request without a key', () =>
      refused(undefined, 'missing_api_key', CHALLENGE));

    it('ignores keys in cookies and empty Authorization headers', async () => {
      await refused(undefined, 'missing_api_key', CHALLENGE, { cookie: `key=${server_key}` });
      await refused(undefined, 'missing_api_key', CHALLENGE, { authorization: '' });
    });

    it('ignores keys in the query string', async () => {
      const glue = path.includes('?') ? '&' : '?';
      const search = `key=${server_key}&api_key=${server_key}&access_token=${server_key}`;
      const answer = await api.call(method, `${path}${glue}${search}`, options);
      assertProblem(answer, 401, 'missing_api_key');
      assert.ok(!answer.text.includes(server_key));
    });

    it('rejects malformed and unknown keys with the same message', async () => {
      const flipped = server_key.slice(0, -1) + (server_key.endsWith('0') ? '1' : '0');
      for (const key of ['x', flipped, server_key.toLowerCase(), createSecret('server')]) {
        await refused(key, 'invalid_api_key', invalidToken());
      }
    });

    it('rejects an Authorization header that is not Bearer followed by one key', async () => {
      for (const authorization of [`Basic ${server_key}`, server_key, 'Bearer', `Bearer ${server_key}, x`]) {
        await refused(undefined, 'invalid_api_key', invalidToken(), { authorization });
      }
    });

    it('rejects expired, revoked and disabled keys, each with its own error code', async () => {
      await refused(expired.key, 'api_key_expired', invalidToken('The API key expired'));
      await refused(revoked.key, 'api_key_revoked', invalidToken('The API key was revoked'));
      await refused(disabled.key, 'api_key_disabled', invalidToken('The API key is disabled'));
    });

    it('rejects two Authorization headers, whatever their values', async () => {
      const head = [`${method} ${path} HTTP/1.1`, 'Host: x', 'Connection: close'];
      const twice = [`Authorization: Bearer ${server_key}`, `authorization: Bearer ${server_key}`];
      const answer = await sendRaw(api.url, `${[...head, ...twice].join('\r\n')}\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.match(answer, /"code":"multiple_credentials"/);
    });

    it('accepts the Bearer scheme in any case, but keys only in their exact case', async () => {
      // Uses a separate key, because one route revokes the key it is called with.
      const key = HARMLESS.includes(route) ? server_key : doomed.key;
      const answer = await call(undefined, { authorization: `bEARER  ${key}` });
      assert.notEqual(answer.status, 401);
      assert.equal(
        (await call(undefined, { authorization: `Bearer ${server_key.toUpperCase()}` })).status,
        401,
      );
    });

    it('rejects a key without the required type or scope, and names the required scope', async () => {
      if (route.access === 'any_key') return;
      const withoutIt = allButOne.get(route.access);
      assert.ok(withoutIt);
      const cases = [[withoutIt, KEY_SCOPES.filter((scope) => scope !== route.access)]] as [
        string,
        string[],
      ][];
      if (route.access !== 'events:write') cases.push([client_key, ['events:write']]);
      const readable = ['analytics:read', 'apps:read', 'project:read'];
      if (!readable.includes(String(route.access))) cases.push([read_only_key, readable]);
      for (const [key, granted] of cases) {
        const answer = await call(key);
        assertProblem(answer, 403, 'insufficient_scope');
        assert.deepEqual(answer.body.required, [route.access]);
        assert.deepEqual(answer.body.granted, granted);
        const asked: string = `${CHALLENGE}, error="insufficient_scope", scope="${route.access}"`;
        assert.equal(answer.headers.get('www-authenticate'), asked);
      }
    });

    it('accepts a key whose only scope is the required one', async () => {
      if (route.access === 'any_key') return;
      const { status, body } = await call(onlyOne.get(route.access));
      // Verbs check more afterward: a key with only keys:write cannot create a key with more scopes.
      assert.ok(status !== 401 && body.code !== 'insufficient_scope', `${status} ${body.code}`);
    });

    it('checks the IP address of a key before its scopes', async () => {
      for (const { key } of [elsewhere, elsewhereReading]) {
        const answer = await call(key);
        assertProblem(answer, 403, 'ip_not_allowed');
        assert.equal(answer.body.required, undefined);
        assert.equal(answer.headers.get('www-authenticate'), null);
      }
    });

    it('rejects a server key sent from a web page', async () => {
      const answer = await call(server_key, { origin: ORIGIN });
      assertProblem(answer, 403, 'secret_key_in_browser');
      assert.match(answer.body.detail, /Use a client key .* Rotate this key now/);
      const open = route.cors === 'any_origin' ? '*' : null;
      assert.equal(answer.headers.get('access-control-allow-origin'), open);
    });

    it('accepts a read-only key from a web page only on read routes and allowed origins', async () => {
      const allowed = await call(onBoard.key, { origin: ORIGIN });
      if (route.cors === 'key_origins') {
        assert.equal(allowed.status, route.answer.status, allowed.text);
        assert.equal(allowed.headers.get('access-control-allow-origin'), ORIGIN);
        const encodings = route.method === 'GET' ? ', Accept-Encoding' : '';
        assert.equal(allowed.headers.get('vary'), `Origin${encodings}`);
      } else {
        assertProblem(allowed, 403, 'origin_not_allowed');
      }
      for (const [key, origin] of [
        [onBoard.key, 'https://evil.example.com'],
        [onBoard.key, 'null'],
        [onBoard.key, `${ORIGIN}.evil.example`],
        [read_only_key, ORIGIN],
      ] as const) {
        const answer = await call(key, { origin });
        assertProblem(answer, 403, 'origin_not_allowed');
        assert.notEqual(answer.headers.get('access-control-allow-origin'), origin);
      }
    });

    it('returns the documented status for its own example', async () => {
      // Uses a separate project, because the examples change project settings.
      const spare = { ...api, project: await initProject(api.config) };
      const id = idParamOf(route);
      const made =
        id?.kind === 'app' ? spare.project.app_id : id && (await makeKey(spare, { type: 'client' })).id;
      const params = (await CREATIONS[route.path]?.(spare)) ?? (id && made ? { [id.name]: made } : {});
      const [, realPath] = requestOf(route, { params });
      for (const [first, firstPath] of PREPARATIONS[nameOf(route)]?.(String(made)) ?? []) {
        assert.equal((await api.call(first, firstPath, { key: spare.project.server_key })).status, 200);
      }
      const answer = await api.call(method, realPath, { ...options, key: spare.project.server_key });
      assert.equal(answer.status, route.answer.mayBeEmpty ? 204 : route.answer.status, answer.text);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    });
  });
}

describe('rate limits', async () => {
  const dataDir = makeTempDir();
  const { server_key: key } = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
  const limited = await startChildServer({
    APPFLOW_DATA_DIR: dataDir,
    APPFLOW_LIMIT_EVENTS_REQUESTS: '0.01/1',
    APPFLOW_LIMIT_ANALYTICS: '0.01/1',
    APPFLOW_LIMIT_MANAGEMENT: '0.01/1',
  });
  // The first request of each category passes and uses up the limit.
  for (const route of new Map(HARMLESS.map((one) => [one.limit, one])).values()) {
    const [method, path, options] = requestOf(route);
    const { status } = await limited.call(method, path, { ...options, key });
    assert.notEqual(status, 429);
  }
  for (const route of GUARDED) {
    it(`limits ${nameOf(route)} and returns how long to wait`, async () => {
      const [method, path, options] = requestOf(route);
      const answer = await limited.call(method, path, { ...options, key });
      assertProblem(answer, 429, 'rate_limited');
      const retryAfter = answer.headers.get('retry-after') ?? '';
      assert.match(retryAfter, /^[1-9]\d*$/);
      const { category, policy, retry_after_ms } = answer.body;
      assert.equal(category, route.limit);
      assert.equal(policy, route.limit === 'events' ? 'events-requests' : route.limit);
      assert.equal(Number(retryAfter), Math.ceil(retry_after_ms / 1_000));
      assert.ok(answer.headers.get('ratelimit')?.includes(`"${policy}";r=0`));
    });
  }
});
