import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listPlaces, type Route } from '../../src/api/route.ts';
import { ROUTES } from '../../src/routes.ts';
import { type Answer, startTestServer } from '../support/harness.ts';
import { requestOf } from '../support/route-request.ts';

const api = await startTestServer();
const { server_key: key } = api.project;
const METHODS = ['PUT', 'PATCH', 'DELETE', 'POST', 'GET', 'OPTIONS', 'PROPFIND'];

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.body.code, code, answer.text);
}

const pathOf = (route: Route) => requestOf(route)[1].split('?')[0] ?? '';

/** Returns the methods allowed at a path. Several routes can match: `/v1/api-keys/self` also matches `{id}`. */
function methodsAt(path: string): { allowed: string[]; hasPreflight: boolean } {
  const routes = ROUTES.flatMap((route) => listPlaces(route).map((place) => ({ ...route, ...place }))).filter(
    (route) => {
      const pattern = route.path.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.');
      return new RegExp(`^${pattern}$`).test(path);
    },
  );
  const methods = new Set<string>(routes.map(({ method }) => method));
  if (methods.has('GET')) methods.add('HEAD');
  return { allowed: [...methods].sort(), hasPreflight: routes.some(({ cors }) => cors !== 'none') };
}

for (const path of new Set(ROUTES.map(pathOf))) {
  const { allowed, hasPreflight } = methodsAt(path);
  const refused = METHODS.filter(
    (method) => !allowed.includes(method) && !(hasPreflight && method === 'OPTIONS'),
  );

  it(`rejects ${refused.join(', ')} on ${path} with 405, with or without a key`, async () => {
    for (const method of refused) {
      for (const options of [{}, { key }, { key: 'nonsense' }]) {
        const answer = await api.call(method, path, options);
        assertProblem(answer, 405, 'method_not_allowed');
        assert.deepEqual(answer.headers.get('allow')?.split(', ').sort(), allowed);
      }
    }
  });
}

for (const route of ROUTES.filter(({ method, dialect }) => method === 'GET' && !dialect)) {
  it(`answers HEAD ${route.path} like GET, without the body`, async () => {
    const [, path] = requestOf(route);
    const head = await api.call('HEAD', path, { key });
    const full = await api.call('GET', path, { key });
    assert.equal(head.status, full.status);
    assert.equal(head.text, '');
    assert.equal(head.headers.get('content-type'), full.headers.get('content-type'));
    assert.equal((await api.call('HEAD', path)).status, route.access === 'public' ? 200 : 401);
  });
}

for (const route of ROUTES.filter(({ cors }) => cors !== 'none')) {
  it(`answers a CORS preflight for ${route.method} ${route.path} from any origin without a key`, async () => {
    const headers = { origin: 'https://any.example', 'access-control-request-method': route.method };
    const { status, text, headers: got } = await api.call('OPTIONS', pathOf(route), { headers });
    assert.equal(status, 204);
    assert.equal(text, '');
    assert.equal(got.get('access-control-allow-origin'), '*');
    assert.ok(got.get('access-control-allow-methods')?.split(', ').includes(route.method));
    for (const name of ['Authorization', 'Content-Type', 'Content-Encoding', 'X-Appflow-Bundle-Id']) {
      assert.ok(got.get('access-control-allow-headers')?.includes(name));
    }
    assert.match(got.get('x-request-id') ?? '', /^req_/);
    assert.equal(got.get('access-control-allow-credentials'), null);
  });
}

it('allows a page the headers that tracing libraries add to a batch, and none that a proxy vouches for', async () => {
  const ask = async (requested: string) => {
    const headers = { origin: 'https://any.example', 'access-control-request-headers': requested };
    const { status, headers: got } = await api.call('OPTIONS', '/v1/events', { headers });
    assert.deepEqual([status, got.get('vary')], [204, 'Access-Control-Request-Headers']);
    return (got.get('access-control-allow-headers') ?? '').split(', ');
  };
  const asked = [
    'traceparent',
    'tracestate',
    'baggage',
    'sentry-trace',
    'x-datadog-trace-id',
    'b3',
    'newrelic',
  ];
  const allowed = await ask(['authorization', 'content-type', ...asked].join(','));
  for (const name of [...asked, 'Authorization', 'Content-Type']) assert.ok(allowed.includes(name), name);
  const vouched =
    'x-forwarded-for, forwarded, x-real-ip, cf-connecting-ip, cf-ipcountry, x-client-country, x-appflow-csrf, x-forwarded-host, if-match';
  // A name of `*` would allow every other one.
  assert.deepEqual(await ask(`${vouched}, *, a b, , é, traceparent`), [...(await ask('')), 'traceparent']);
  assert.deepEqual(await ask(`traceparent,${'x'.repeat(1_000)}`), await ask(''));
});

it('answers a CORS preflight whatever its content type', async () => {
  const options = { body: 'x', headers: { 'content-type': '///' } };
  assert.equal((await api.call('OPTIONS', '/v1/events', options)).status, 204);
});

it('returns 404 for every other path, with or without a key', async () => {
  for (const path of [
    '/v2',
    '/v1',
    '/v1/',
    '/v1/app',
    '/V1/apps',
    '/v1/apps/a/b',
    '/v1//apps',
    '/healthz/',
  ]) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'PROPFIND']) {
      for (const options of [{}, { key }, { body: 'x', headers: { 'content-type': '///' } }]) {
        if (method === 'GET' && 'body' in options) continue;
        assertProblem(await api.call(method, path, options), 404, 'not_found');
      }
    }
  }
});
