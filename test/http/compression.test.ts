import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { before, describe, it } from 'node:test';
import { brotliDecompressSync, createGunzip, gunzipSync } from 'node:zlib';
import { COMPRESSED_BYTES_MIN, isCompressible } from '../../src/http/encoding/compress.ts';
import { ROUTES } from '../../src/routes.ts';
import { startTestServer } from '../support/harness.ts';

const api = await startTestServer();
const { server_key: key, app_id } = api.project;

before(async () => {
  const events = Array.from({ length: 500 }, (_, index) => ({
    event_name: 'opened',
    app_user_id: `u${index}`,
  }));
  const { body } = await api.call('POST', '/v1/events', { key, body: { app_id, events } });
  assert.equal(body.accepted, 500);
});

type Options = { method?: string; accept?: string; headers?: Record<string, string> };

/** Sends a request and returns its answer as it is on the wire: `fetch` decompresses. */
async function request(path: string, { method = 'GET', accept = 'gzip', headers = {} }: Options = {}) {
  const sent = get(api.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'accept-encoding': accept, ...headers },
    agent: false,
  });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = await response.toArray();
  return { status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks) };
}

describe('an answer', () => {
  it('of a list is compressed if the request accepts that, and names what it depends on', async () => {
    const plain = await request('/v1/events?limit=100', { accept: 'identity' });
    const packed = await request('/v1/events?limit=100');
    assert.deepEqual([plain.status, plain.headers['content-encoding']], [200, undefined]);
    assert.deepEqual([packed.status, packed.headers['content-encoding']], [200, 'gzip']);
    assert.deepEqual(gunzipSync(packed.bytes), plain.bytes);
    assert.equal(Number(packed.headers['content-length']), packed.bytes.length);
    assert.ok(packed.bytes.length < plain.bytes.length / 4);
    for (const { headers } of [plain, packed]) assert.match(headers.vary ?? '', /\bAccept-Encoding\b/);
    const refused = await request('/v1/events?limit=100', { accept: 'gzip;q=0, identity' });
    assert.equal(refused.headers['content-encoding'], undefined);
  });

  it('has the same headers for HEAD', async () => {
    const got = await request('/v1/apps?limit=100');
    const head = await request('/v1/apps?limit=100', { method: 'HEAD' });
    assert.equal(head.headers['content-length'], got.headers['content-length']);
    assert.equal(head.headers['content-encoding'], got.headers['content-encoding']);
  });

  it('that fits into a packet is not compressed', async () => {
    const { headers, bytes } = await request('/v1/apps');
    assert.ok(bytes.length < COMPRESSED_BYTES_MIN);
    assert.equal(headers['content-encoding'], undefined);
  });

  it('that may contain a secret of its caller is never compressed', () => {
    for (const route of ROUTES) {
      if (route.method === 'GET' && !route.answer.revealsKey) continue;
      assert.ok(!isCompressible(route, {}), `${route.method} ${route.path}`);
    }
    for (const access of ['signed_in', 'anonymous', 'any_key', 'public'] as const)
      assert.ok(!isCompressible({ method: 'GET', access, authentication: 'session' }, {}), access);
  });

  it('to a session is compressed only for pages of the dashboard: other pages can cause a request with cookies', () => {
    const route = { method: 'GET', access: 'events:read', authentication: 'session' } as const;
    assert.ok(isCompressible(route, { 'sec-fetch-site': 'same-origin' }));
    for (const site of ['cross-site', 'same-site', 'none', undefined])
      assert.ok(!isCompressible(route, { 'sec-fetch-site': site }), site);
  });
});

describe('an export', () => {
  it('is the same compressed', async () => {
    for (const format of ['ndjson', 'csv']) {
      const plain = await request(`/v1/events?format=${format}`, { accept: 'identity' });
      const packed = await request(`/v1/events?format=${format}`);
      assert.equal(packed.headers['content-encoding'], 'gzip');
      assert.equal(packed.headers['x-accel-buffering'], 'no');
      assert.deepEqual(gunzipSync(packed.bytes), plain.bytes);
      assert.ok(packed.bytes.length < plain.bytes.length / 4);
    }
  });
});

describe('a live stream', () => {
  it('sends each message immediately although it is compressed', async () => {
    const sent = get(`${api.url}/v1/events/stream`, {
      headers: { authorization: `Bearer ${key}`, 'accept-encoding': 'gzip' },
      agent: false,
    });
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    assert.equal(response.headers['content-encoding'], 'gzip');
    sent.on('error', () => undefined);
    const text = response.pipe(createGunzip()).setEncoding('utf8');
    text.on('error', () => undefined);
    const [opening] = await once(text, 'data');
    assert.match(opening, /event: ready\n/);
    await api.call('POST', '/v1/events', {
      key,
      body: { app_id, events: [{ event_id: 'live-1', event_name: 'opened', app_user_id: 'u' }] },
    });
    const [message] = await once(text, 'data');
    assert.match(message, /live-1[\s\S]*\n\n$/);
    sent.destroy();
  });
});

describe('a public document', () => {
  for (const path of ['/openapi.json', '/.well-known/appflow-key-patterns.json'])
    it(`${path} can be read by any page, compressed in any common encoding`, async () => {
      const plain = await request(path, { accept: 'identity' });
      assert.equal(plain.status, 200);
      const br = await request(path, { accept: 'gzip, deflate, br, zstd' });
      const gzip = await request(path);
      assert.deepEqual(brotliDecompressSync(br.bytes), plain.bytes);
      assert.deepEqual(gunzipSync(gzip.bytes), plain.bytes);
      for (const { headers } of [plain, br, gzip]) {
        assert.equal(headers['access-control-allow-origin'], '*');
        assert.match(headers.vary ?? '', /\bAccept-Encoding\b/);
      }
      assert.deepEqual(
        [plain, br, gzip].map(({ headers }) => headers['content-encoding']),
        [undefined, 'br', 'gzip'],
      );
    });
});
