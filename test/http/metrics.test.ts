import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { VERSION } from '../../src/config/version.ts';
import { authorizeMetrics } from '../../src/http/metrics/access.ts';
import { startServer } from '../../src/server/start.ts';
import { cleanUp } from '../support/clean-up.ts';
import { findFreePort } from '../support/free-port.ts';
import { type Answer, connect, makeKey, startTestServer } from '../support/harness.ts';
import { sendRaw } from '../support/raw-http.ts';

const TOKEN = 'a token of some length';
const GOOD_TOKEN = TOKEN.replaceAll(' ', '-');

const api = await startTestServer({ APPFLOW_LIMIT_ANALYTICS: '0.001/1' });
const { server_key, client_key, app_id } = api.project;

/** Returns the value of each sample by its name and labels. */
async function scrape(): Promise<Map<string, number>> {
  const { text, status } = await api.call('GET', '/metrics');
  assert.equal(status, 200);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

type Sent = { headers?: Record<string, string>; httpVersion?: string };

const requestFrom = (remoteAddress: string, { headers = {}, httpVersion = '1.1' }: Sent = {}) =>
  ({
    socket: { remoteAddress },
    headers: { host: 'localhost:8080', ...headers },
    httpVersion,
  }) as unknown as IncomingMessage;

describe('GET /metrics', () => {
  it('counts responses by route pattern, method and status, never by URL', async () => {
    const { id } = await makeKey(api, { type: 'server' });
    const sample = 'appflow_http_requests_total{method="GET",route="/v1/api-keys/{id}",status="200"}';
    const before = (await scrape()).get(sample) ?? 0;
    await api.call('GET', `/v1/api-keys/${id}`, { key: server_key });
    await api.call('GET', '/nowhere/secret-path');
    const samples = await scrape();
    assert.equal(samples.get(sample), before + 1);
    assert.equal(samples.get('appflow_http_requests_total{method="any",route="unmatched",status="404"}'), 1);
    const names = [...samples.keys()].join('\n');
    assert.ok(!names.includes(id));
    assert.ok(!names.includes('secret-path'));
    const seconds = 'appflow_http_request_duration_seconds_count{method="GET",route="/v1/api-keys/{id}"}';
    assert.equal(samples.get(seconds), before + 1);
  });

  it('counts events by outcome', async () => {
    const event = { event_id: 'e1', event_name: 'seen', app_user_id: 'u', timestamp: Date.now() };
    const events = [event, event, { ...event, event_id: 'e2' }, { event_name: 1 }];
    const answer = await api.call('POST', '/v1/events', { key: client_key, body: { app_id, events } });
    assert.equal(answer.status, 200, answer.text);
    const samples = await scrape();
    assert.equal(samples.get('appflow_events_total{outcome="accepted"}'), answer.body.accepted);
    assert.equal(samples.get('appflow_events_total{outcome="duplicate"}'), answer.body.duplicates);
    assert.equal(samples.get('appflow_events_total{outcome="rejected"}'), answer.body.rejected.length);
    assert.ok(answer.body.accepted > 0 && answer.body.rejected.length > 0);
  });

  it('counts rate-limit decisions by policy and outcome', async () => {
    const before = await scrape();
    const query = `/v1/analytics/daily?app_id=${app_id}&days=1`;
    assert.equal((await api.call('GET', query, { key: server_key })).status, 200);
    assert.equal((await api.call('GET', query, { key: server_key })).status, 429);
    const samples = await scrape();
    const increaseOf = (outcome: string) => {
      const sample = `appflow_ratelimit_decisions_total{policy="analytics",outcome="${outcome}"}`;
      return (samples.get(sample) ?? 0) - (before.get(sample) ?? 0);
    };
    assert.deepEqual(['allowed', 'denied', 'impossible'].map(increaseOf), [1, 1, 0]);
  });

  it('reports the writer queue, the key directory, SQL statements, the audit head and the process', async () => {
    const samples = await scrape();
    assert.ok((samples.get('appflow_keys') ?? 0) >= 3);
    assert.ok((samples.get('appflow_key_directory_age_seconds') ?? 99) < 5);
    assert.equal(samples.get('appflow_writer_queue_rows{state="waiting"}'), 0);
    assert.ok((samples.get('appflow_db_statements_total') ?? 0) > 0);
    assert.ok((samples.get('appflow_audit_head_seq') ?? 0) >= 1);
    assert.ok((samples.get('process_resident_memory_bytes') ?? 0) > 0);
    assert.ok(samples.has('nodejs_eventloop_lag_seconds'));
  });

  it('reports the version as labels of a constant', async () => {
    const samples = await scrape();
    const { node } = process.versions;
    assert.equal(samples.get(`appflow_build_info{version="${VERSION}",node_version="${node}"}`), 1);
  });

  it('keeps one series for the head of the audit log, however many entries there are', async () => {
    const seriesOf = async () =>
      [...(await scrape()).keys()].filter((name) => name.startsWith('appflow_audit_head_seq'));
    await makeKey(api, { type: 'server' });
    assert.deepEqual(await seriesOf(), ['appflow_audit_head_seq']);
  });

  it('runs no SQL statements for two scrapes in a row', async () => {
    const countStatements = async () => (await scrape()).get('appflow_db_statements_total') ?? 0;
    const increases: number[] = [];
    // Work in the background may run some in between, but not every time.
    while (increases.length < 10 && !increases.includes(0)) {
      const first = await countStatements();
      increases.push((await countStatements()) - first);
    }
    assert.ok(increases.includes(0), increases.join(', '));
  });

  it('answers HEAD /metrics like GET without the body, with the headers of every response', async () => {
    const sent = { 'x-request-id': 'my-request-1' };
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, text } = await api.call(method, '/metrics', { headers: sent });
      assert.equal(status, 200);
      assert.equal(text === '', method === 'HEAD');
      assert.match(headers.get('content-type') ?? '', /^text\/plain; version=/);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('x-request-id'), 'my-request-1');
    }
    assert.match((await api.call('GET', '/metrics')).headers.get('x-request-id') ?? '', /^req_/);
  });

  it('returns 405 for other methods on /metrics, but 404 to clients that may not read it', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      assertMethodRefused(await api.call(method, '/metrics'), method);
      const passedOn = { 'x-forwarded-for': '203.0.113.9' };
      const hidden = await api.call(method, '/metrics', { headers: passedOn });
      assert.deepEqual([hidden.status, hidden.body.code], [404, 'not_found']);
      assert.equal(hidden.headers.get('allow'), null);
    }
  });
});

function assertMethodRefused({ status, headers, body }: Answer, method: string): void {
  assert.deepEqual([status, body.code], [405, 'method_not_allowed'], method);
  assert.equal(headers.get('allow'), 'GET, HEAD');
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(headers.get('x-request-id'), body.request_id);
}

describe('access to /metrics', () => {
  it('allows requests to /metrics from the same machine by their peer address', () => {
    assert.equal(authorizeMetrics(requestFrom('127.0.0.1'), undefined), 'allowed');
    assert.equal(authorizeMetrics(requestFrom('::1'), undefined), 'allowed');
    assert.equal(authorizeMetrics(requestFrom('::ffff:127.0.0.1'), undefined), 'allowed');
    assert.equal(authorizeMetrics(requestFrom('10.0.0.8'), undefined), 'hidden');
    const forged = { headers: { 'x-forwarded-for': '127.0.0.1' } };
    assert.equal(authorizeMetrics(requestFrom('10.0.0.8', forged), undefined), 'hidden');
  });

  it('allows requests to /metrics only with a loopback host name', () => {
    const authorize = (host: string) =>
      authorizeMetrics(requestFrom('127.0.0.1', { headers: { host } }), undefined);
    for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1', '127.9.9.9:8080', '[::1]', '[::1]:8080']) {
      assert.equal(authorize(host), 'allowed', host);
    }
    for (const host of [
      ...['', 'appflow.example.com', 'appflow.example.com:8080', 'localhost.example.com', 'xlocalhost'],
      ...[
        '127.0.0.1.example.com',
        '10.0.0.8:8080',
        '[::2]',
        '[2001:db8::1]:80',
        '::1',
        'localhost:x',
        '[localhost',
      ],
    ]) {
      assert.equal(authorize(host), 'hidden', host);
    }
  });

  it('hides /metrics behind a proxy on the same machine', async () => {
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip', 'x-forwarded-proto']) {
      const { status, body } = await api.call('GET', '/metrics', { headers: { [name]: '203.0.113.9' } });
      assert.equal(status, 404, name);
      assert.equal(body.code, 'not_found');
    }
    const { host } = new URL(api.url);
    const sendWithHost = (version: string, name: string) =>
      sendRaw(api.url, `GET /metrics HTTP/${version}\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
    assert.match(await sendWithHost('1.1', host), /^HTTP\/1.1 200 /);
    assert.match(await sendWithHost('1.1', 'appflow.example.com'), /^HTTP\/1.1 404 /);
    // A proxy with only a default configuration sends HTTP/1.0.
    assert.match(await sendWithHost('1.0', host), /^HTTP\/1.1 404 /);
  });

  it('allows only requests with METRICS_TOKEN if it is set', () => {
    const authorize = (authorization?: string, from = '10.0.0.8') =>
      authorizeMetrics(
        requestFrom(from, authorization === undefined ? {} : { headers: { authorization } }),
        GOOD_TOKEN,
      );
    assert.equal(authorize(`Bearer ${GOOD_TOKEN}`), 'allowed');
    assert.equal(authorize(`bearer ${GOOD_TOKEN}`), 'allowed');
    assert.equal(authorize(`Bearer ${GOOD_TOKEN}x`), 'token_wrong');
    assert.equal(authorize('Bearer short'), 'token_wrong');
    assert.equal(authorize(undefined, '127.0.0.1'), 'token_missing');
    assert.equal(authorize(GOOD_TOKEN), 'token_missing');
  });

  it('validates METRICS_TOKEN and METRICS_PORT at startup', () => {
    assert.throws(() => readConfig({ METRICS_TOKEN: 'short' }), ConfigError);
    assert.throws(() => readConfig({ METRICS_TOKEN: TOKEN }), ConfigError);
    assert.throws(() => readConfig({ METRICS_PORT: 'x' }), /METRICS_PORT is "x"/);
    assert.equal(readConfig({ METRICS_PORT: '9100' }).metricsPort, 9100);
    assert.equal(readConfig({}).metricsPort, undefined);
  });
});

// These tests are last: the embedded event store allows one folder per process, so the first server must stop first.
describe('METRICS_TOKEN on a running server', () => {
  it('serves /metrics only to requests with the token', async () => {
    await api.server.stop();
    const server = await startServer({ ...api.config, metricsToken: GOOD_TOKEN });
    const { call } = connect(server.url);
    assert.equal((await call('GET', '/metrics', { key: GOOD_TOKEN })).status, 200);
    const missing = await call('GET', '/metrics');
    assert.equal(missing.status, 401);
    assert.match(missing.headers.get('www-authenticate') ?? '', /^Bearer/);
    assert.equal((await call('GET', '/metrics', { key: server_key })).status, 401);
    assertMethodRefused(await call('POST', '/metrics'), 'POST');
    await server.stop();
  });
});

describe('METRICS_PORT', () => {
  it('serves /metrics on METRICS_PORT and no longer on PORT', async () => {
    const metricsPort = await findFreePort();
    const server = await startServer({ ...api.config, metricsPort });
    assert.equal((await connect(server.url).call('GET', '/metrics')).status, 404);
    assert.equal(server.metricsUrl, `http://127.0.0.1:${metricsPort}`);
    const { call } = connect(server.metricsUrl ?? '');
    const answer = await call('GET', '/metrics');
    assert.equal(answer.status, 200);
    assert.match(answer.text, /^appflow_keys \d+$/m);
    assert.match(answer.headers.get('x-request-id') ?? '', /^req_/);
    const elsewhere = await call('GET', '/v1/project');
    assert.deepEqual([elsewhere.status, elsewhere.body.code], [404, 'not_found']);
    assertMethodRefused(await call('POST', '/metrics'), 'POST');
    const head = await call('HEAD', '/metrics');
    assert.deepEqual([head.status, head.text], [200, '']);
    await server.stop();
  });

  it('requires METRICS_TOKEN on METRICS_PORT too', async () => {
    const metricsPort = await findFreePort();
    const server = await startServer({ ...api.config, metricsPort, metricsToken: GOOD_TOKEN });
    const { call } = connect(server.metricsUrl ?? '');
    assert.equal((await call('GET', '/metrics', { key: GOOD_TOKEN })).status, 200);
    const missing = await call('GET', '/metrics');
    assert.deepEqual([missing.status, missing.body.code], [401, 'missing_api_key']);
    assert.match(missing.headers.get('www-authenticate') ?? '', /^Bearer/);
    assert.equal((await call('GET', '/metrics', { key: server_key })).body.code, 'invalid_api_key');
    await server.stop();
  });

  it('fails at startup if METRICS_PORT is in use, and closes what was opened', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    cleanUp(() => occupant.close());
    await once(occupant, 'listening');
    const { port: metricsPort } = occupant.address() as AddressInfo;
    await assert.rejects(startServer({ ...api.config, metricsPort }), /METRICS_PORT|EADDRINUSE/);
    await new Promise((resolve) => occupant.close(resolve));
    const server = await startServer({ ...api.config, metricsPort });
    await server.stop();
  });
});
