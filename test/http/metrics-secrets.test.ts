import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSecret } from '../../src/directory/secret.ts';
import { type CallOptions, makeKey, startTestServer } from '../support/harness.ts';
import { sendRaw } from '../support/raw-http.ts';

const api = await startTestServer();
const { server_key: key } = api.project;

type Call = [method: string, path: string, options: CallOptions];

const HEADERS = [
  ...['user-agent', 'x-request-id', 'cookie', 'referer', 'origin', 'idempotency-key', 'if-match', 'via'],
  ...['x-forwarded-for', 'x-appflow-bundle-id', 'x-appflow-sdk', 'content-type', 'content-encoding'],
];

/** Uses a secret in the right place, then everywhere else. `key` is a valid key. */
function uses(secret: string): Call[] {
  const inEvent = {
    event_id: secret,
    event_name: secret,
    app_user_id: secret,
    properties: { [secret]: secret },
  };
  const paths = [`/${secret}`, `/v1/apps/${secret}`, `/v1/api-keys/${secret}`, `/v1/events/${secret}`];
  const searches = [`cursor=${secret}`, `app_id=${secret}`, `${secret}=1`, `name=${secret}`];
  return [
    ['GET', '/v1/api-keys/self', { key: secret }],
    ['POST', '/v1/events', { key: secret, body: { events: [{ event_name: 'opened', app_user_id: 'u1' }] } }],
    ['POST', '/v1/events', { key, body: { events: [inEvent] } }],
    ['GET', '/v1/project', { key: `${secret}x` }],
    ['GET', '/v1/project', { headers: { authorization: `Basic ${secret}` } }],
    ['POST', '/v1/api-keys', { key, body: { name: secret, type: secret, metadata: { [secret]: secret } } }],
    ...paths.flatMap((path): Call[] => [
      ['GET', path, {}],
      ['POST', path, { key, body: {} }],
    ]),
    ...searches.map((search): Call => ['GET', `/v1/events?${search}`, { key }]),
    ...HEADERS.map((name): Call => ['POST', '/v1/apps', { key, body: {}, headers: { [name]: secret } }]),
    ['GET', `/metrics?${secret}`, { headers: { authorization: `Bearer ${secret}` } }],
  ];
}

/** The random part alone is enough to do harm. */
const randomPartOf = (secret: string) => secret.slice(7, 50);

it('never includes a key in /metrics, wherever a client has put it', async () => {
  const secrets = [api.project.server_key, api.project.client_key, api.project.read_only_key];
  for (const type of ['server', 'client', 'read_only'] as const) {
    const made = await makeKey(api, { type });
    const rotated = await api.call('POST', `/v1/api-keys/${made.id}/rotate`, { key, body: {} });
    const revoked = await makeKey(api, { type });
    await api.call('DELETE', `/v1/api-keys/${revoked.id}`, { key });
    secrets.push(made.key, rotated.body.key, revoked.key, createSecret(type));
  }
  for (const secret of secrets) {
    for (const [method, path, options] of uses(secret)) {
      const { status, text } = await api.call(method, path, options);
      assert.ok(status < 500, text);
    }
    await sendRaw(api.url, `${secret} / HTTP/1.1\r\nHost: x\r\n\r\n`);
    await sendRaw(api.url, `GET /v1/project HTTP/1.1\r\nHost: ${secret}\r\nConnection: close\r\n\r\n`);
  }
  const { status, text } = await api.call('GET', '/metrics');
  assert.equal(status, 200);
  // Proves that the metrics count this traffic.
  assert.match(text, /^appflow_failed_authentications_total\{code="api_key_revoked"\} [1-9]/m);
  assert.match(text, /^appflow_http_requests_total\{method="any",route="unmatched",status="404"\} [1-9]/m);
  assert.match(text, /^appflow_untrusted_proxy_requests_total [1-9]/m);
  assert.deepEqual(
    secrets.filter((secret) => text.includes(randomPartOf(secret))),
    [],
  );
});
