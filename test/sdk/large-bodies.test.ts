import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { initProject, readMetric, startTestServer } from '../support/harness.ts';

// Large bodies with the key in them, which is not verified before they are parsed.

const api = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1', APPFLOW_LIMIT_EVENTS: '1000/100000' });
const { client_key } = api.project;
const ADDRESS = '198.51.100.1';

const listEvents = (count: number, randomBytesEach: number) =>
  Array.from({ length: count }, () => ({
    event: 'opened',
    distinct_id: 'user_1',
    properties: { text: randomBytes(randomBytesEach).toString('base64') },
  }));

const send = (body: Buffer, encoding: string) =>
  api.call('POST', '/batch', {
    headers: { 'content-encoding': encoding, 'x-forwarded-for': ADDRESS },
    body,
  });

const readBytesInFlight = () => readMetric(api, 'appflow_body_bytes{state="in_flight"}');

it('stores the batches of 24 phones behind one address that all send now', async () => {
  const body = gzipSync(JSON.stringify({ api_key: client_key, batch: listEvents(150, 600) }));
  assert.ok(body.length > 64 * 1024, String(body.length));
  const answers = await Promise.all(Array.from({ length: 24 }, () => send(body, 'gzip')));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.equal(await readBytesInFlight(), 0);
});

it('stores a batch of almost 5 MB, whatever the window of its compression', async () => {
  const text = JSON.stringify({ api_key: client_key, batch: listEvents(1_000, 3_600) });
  const brotli = (bits: number) =>
    brotliCompressSync(text, {
      params: { [constants.BROTLI_PARAM_LGWIN]: bits, [constants.BROTLI_PARAM_QUALITY]: 3 },
    });
  const zstd = zstdCompressSync(text, { params: { [constants.ZSTD_c_windowLog]: 23 } });
  const bodies = { 'br of 4 MB': brotli(22), 'br of 16 MB': brotli(24), 'zstd of 8 MB': zstd };
  for (const [name, body] of Object.entries(bodies)) {
    const { status, text: answer } = await send(body, name.split(' ')[0] ?? '');
    assert.equal(status, 200, `${name}: ${answer}`);
  }
  assert.equal(await readBytesInFlight(), 0);
});

it('rejects events that are nested too deeply or have too many values alone, and stores one that is not UTF-8', async () => {
  const { client_key: key, server_key } = await initProject(api.config);
  const messages = Array.from({ length: 100 }, (_, index) => ({
    type: 'track',
    event: 'opened',
    userId: 'user_1',
    messageId: `m-${index}`,
    properties: { text: index === 9 ? '@@' : 'x'.repeat(800) },
  }));
  const deep = `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`;
  const wide = JSON.stringify(Array.from({ length: 33_000 }, (_, index) => index));
  const text = JSON.stringify({ writeKey: key, batch: messages })
    .replace('"m-7","properties":{', `"m-7","properties":{"deep":${deep},`)
    .replace('"m-8","properties":{', `"m-8","properties":{"wide":${wide},`);
  const body = Buffer.from(text.replace('@@', '\u00ff'), 'latin1');
  const { status, text: answer } = await api.call('POST', '/v1/batch', {
    headers: { 'content-type': 'application/json' },
    body,
  });
  assert.equal(status, 200, answer);
  const { body: counts } = await api.call('GET', '/v1/ingestion', { key: server_key });
  assert.deepEqual([counts.data[0].accepted, counts.data[0].rejected], [98, 2]);
});
