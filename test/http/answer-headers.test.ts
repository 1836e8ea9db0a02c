import assert from 'node:assert/strict';
import http from 'node:http';
import { it } from 'node:test';
import { startTestServer } from '../support/harness.ts';

const api = await startTestServer({
  APPFLOW_LIMIT_ANALYTICS: '0.001/2',
  APPFLOW_LIMIT_MANAGEMENT: '1000/6000',
  TRUSTED_PROXIES: '127.0.0.1',
});
const { server_key: key, client_key } = api.project;
const auth = { authorization: `Bearer ${key}` };

type Answered = { status: number | undefined; lines: string[]; bytes: number };

/** What differs from answer to answer: only its place is compared. */
const VOLATILE = /^(?:date|content-length|ratelimit|retry-after|etag)$/i;

/** Returns the header lines of an answer as they were sent: their order, case and repetitions. */
function ask(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: http.OutgoingHttpHeaders; body?: string } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const options = { method, headers: { 'x-request-id': 'request-12345', ...headers } };
    const request = http.request(`${api.url}${path}`, options, (response) => {
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      response.on('end', () => {
        const { rawHeaders } = response;
        const lines: string[] = [];
        for (let at = 0; at < rawHeaders.length; at += 2) {
          const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
          lines.push(VOLATILE.test(name) ? name : `${name}: ${value}`);
        }
        resolve({ status: response.statusCode, lines, bytes });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

const START = ['cache-control: no-store', 'x-content-type-options: nosniff'];
const ID = 'x-request-id: request-12345';
const JSON_LINE = 'content-type: application/json; charset=utf-8';
const PROBLEM_LINE = 'content-type: application/problem+json; charset=utf-8';
const END = ['content-length', 'Date', 'Connection: keep-alive', 'Keep-Alive: timeout=72'];
const NO_BODY_END = END.slice(1);
const MANAGEMENT = ['ratelimit-policy: "management";q=6000;w=6', 'ratelimit'];
const ANALYTICS = ['ratelimit-policy: "analytics";q=2;w=2000', 'ratelimit'];
const EXPOSED =
  'access-control-expose-headers: Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Appflow-Key-Expires';

it('sends the same lines for GET and HEAD, which has no body', async () => {
  const get = await ask('GET', '/v1/api-keys/self', { headers: auth });
  const head = await ask('HEAD', '/v1/api-keys/self', { headers: auth });
  assert.deepEqual(get.lines, [...START, ...MANAGEMENT, ID, JSON_LINE, 'vary: Accept-Encoding', ...END]);
  assert.deepEqual(head.lines, get.lines);
  assert.deepEqual([get.status, head.status, head.bytes], [200, 200, 0]);
  assert.ok(get.bytes > 0);
});

it('sends refusals as problems, with the lines that the error needs', async () => {
  const anonymous = await ask('GET', '/v1/api-keys/self');
  assert.deepEqual(anonymous.lines, [
    ...START,
    'www-authenticate: Bearer realm="appflow"',
    ID,
    PROBLEM_LINE,
    ...END,
  ]);
  const unknown = await ask('GET', '/v1/nothing');
  assert.deepEqual(unknown.lines, [...START, ID, PROBLEM_LINE, ...END]);
  const method = await ask('PUT', '/v1/project', { headers: auth });
  assert.deepEqual(method.lines, [...START, 'allow: GET, PATCH, HEAD', ID, PROBLEM_LINE, ...END]);
  const host = await ask('GET', '/v1/project', { headers: { host: 'a b' } });
  assert.deepEqual(host.lines, [...START, 'connection: close', ID, PROBLEM_LINE, 'content-length', 'Date']);
  const headers = { ...auth, 'content-type': 'application/json' };
  const invalid = await ask('POST', '/v1/api-keys', { headers, body: '{}' });
  assert.deepEqual(
    [invalid.status, invalid.lines],
    [422, [...START, ...MANAGEMENT, ID, PROBLEM_LINE, ...END]],
  );
});

it('sends no type and no length with 204', async () => {
  const made = await api.call('POST', '/v1/api-keys', { key, body: { name: 'x', type: 'server' } });
  const headers = { authorization: `Bearer ${made.body.key}` };
  const answer = await ask('POST', '/v1/api-keys/self/revoke', { headers });
  assert.deepEqual([answer.status, answer.lines], [204, [...START, ...MANAGEMENT, ID, ...NO_BODY_END]]);
});

it('sends the etag, and the encoding of compressed answers', async () => {
  const [{ id }] = (await api.call('GET', '/v1/api-keys', { key })).body.data;
  const one = await ask('GET', `/v1/api-keys/${id}`, { headers: auth });
  assert.deepEqual(one.lines, [...START, ...MANAGEMENT, 'etag', ID, JSON_LINE, ...END]);
  for (let made = 0; made < 3; made += 1)
    await api.call('POST', '/v1/api-keys', { key, body: { name: 'x', type: 'client' } });
  const list = await ask('GET', '/v1/api-keys', { headers: { ...auth, 'accept-encoding': 'gzip' } });
  const encoded = ['content-type: application/json', 'content-encoding: gzip', 'vary: Accept-Encoding'];
  assert.deepEqual(list.lines, [...START, ...MANAGEMENT, ID, ...encoded, ...END]);
  const constant = await ask('GET', '/openapi.json');
  const open = 'access-control-allow-origin: *';
  assert.deepEqual(constant.lines.slice(0, 4), [...START, open, ID]);
});

it('sends the lines of CORS with answers, refusals and a 429, each name once', async () => {
  const body = { name: 'x', type: 'read_only', allowed_origins: ['https://a.example'] };
  const made = await api.call('POST', '/v1/api-keys', { key, body });
  const headers = { authorization: `Bearer ${made.body.key}`, origin: 'https://a.example' };
  const expected = (vary: string) => [
    ...START,
    `vary: ${vary}`,
    'access-control-allow-origin: https://a.example',
    EXPOSED,
  ];
  const live = () => ask('GET', '/v1/analytics/live', { headers });
  assert.deepEqual((await live()).lines, [
    ...expected('Origin, Accept-Encoding'),
    ...ANALYTICS,
    ID,
    JSON_LINE,
    ...END,
  ]);
  await live();
  const limited = await live();
  assert.deepEqual(
    [limited.status, limited.lines],
    [429, [...expected('Origin'), 'retry-after', ...ANALYTICS, ID, PROBLEM_LINE, ...END]],
  );
  const foreign = { authorization: `Bearer ${client_key}`, origin: 'https://b.example' };
  const events = await ask('POST', '/v1/events', { headers: foreign, body: '{}' });
  assert.deepEqual(events.lines.slice(0, 4), [...START, 'access-control-allow-origin: *', EXPOSED]);
});

it('adds Strict-Transport-Security over TLS, once, to answers and errors', async () => {
  const line = 'strict-transport-security: max-age=31536000';
  for (const path of ['/healthz', '/v1/nothing', '/v1/events/export?format=csv', '/']) {
    const { lines } = await ask('GET', path, { headers: { ...auth, 'x-forwarded-proto': 'https' } });
    assert.equal(lines.filter((one) => one === line).length, 1, path);
    const names = lines.map((one) => one.split(':')[0]?.toLowerCase());
    assert.equal(new Set(names).size, names.length, `a name twice: ${names}`);
  }
});
