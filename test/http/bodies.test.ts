import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BODY_SHARES } from '../../src/limits/body-budget.ts';
import { BOMBS, sendBurst } from '../attacks/event-bombs.ts';
import { cleanUp } from '../support/clean-up.ts';
import { readMetric, startTestServer } from '../support/harness.ts';

const BATCH_BYTES = 5 * 1024 * 1024;
const BODIES_OF_ADDRESS = Math.floor(BODY_SHARES.client.address / BATCH_BYTES);
const BODIES_OF_KEY = Math.floor(BODY_SHARES.client.caller / BATCH_BYTES);
const ADDRESS = '198.51.100.1';

const api = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1' });
const { client_key, server_key } = api.project;
const open = new Set<Socket>();

/** Sends the head of a request from an address, and `start` of its body. Answers are read as they come. */
async function startRequest(options: {
  address: string;
  path?: string;
  key?: string;
  fields: string;
  start?: string;
}) {
  const { address, path = '/v1/events', key = client_key, fields, start = '' } = options;
  const { hostname, port } = new URL(api.url);
  const socket = connectSocket({ host: hostname, port: Number(port) });
  open.add(socket);
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  socket.on('error', () => {});
  await once(socket, 'connect');
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${new URL(api.url).host}`,
    `X-Forwarded-For: ${address}`,
    'Content-Type: application/json',
    ...(key === '' ? [] : [`Authorization: Bearer ${key}`]),
    fields,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${start}`);
  return { socket, answer: () => Buffer.concat(received).toString('latin1') };
}

const announce = (address: string, key = client_key) =>
  startRequest({ address, key, fields: `Content-Length: ${BATCH_BYTES}` });

const readBytesInFlight = () => readMetric(api, 'appflow_body_bytes{state="in_flight"}');

async function waitUntil(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const stopAt = performance.now() + 20_000;
  while (!(await isTrue())) {
    assert.ok(performance.now() < stopAt, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

let sent = 0;
const send = (address: string, key = client_key) =>
  api.call('POST', '/v1/events', {
    key,
    headers: { 'x-forwarded-for': address },
    body: { events: [{ event_id: `e${sent++}`, event_name: 'opened', app_user_id: 'u1' }] },
  });

async function closeAll(): Promise<void> {
  for (const socket of open) socket.destroy();
  open.clear();
  await waitUntil(async () => (await readBytesInFlight()) === 0, 'the memory of every body is released');
}

afterEach(closeAll);
cleanUp(() => {
  for (const socket of open) socket.destroy();
});

describe('unfinished bodies of one address', () => {
  it('are refused with 503 before they are read once they hold its share, and only for that address', async () => {
    for (let index = 0; index < BODIES_OF_ADDRESS; index += 1) await announce(ADDRESS);
    await waitUntil(
      async () => (await readBytesInFlight()) === BODIES_OF_ADDRESS * BATCH_BYTES,
      'all are read',
    );
    const refused = await announce(ADDRESS);
    await waitUntil(() => refused.answer() !== '', 'it is answered');
    assert.match(
      refused.answer(),
      /^HTTP\/1\.1 503 [\s\S]*retry-after: [1-5]\r\n[\s\S]*"code":"overloaded"/i,
    );
    assert.equal((await send('198.51.100.2')).status, 200);
    assert.equal((await send(ADDRESS, server_key)).status, 200);
    assert.deepEqual((await api.call('GET', '/readyz')).body, { status: 'ok', warnings: [] });
    assert.ok((await readMetric(api, 'appflow_bodies_refused_total{reason="address"}')) >= 1);
  });

  it('give their share back when they are closed', async () => {
    for (let index = 0; index < BODIES_OF_ADDRESS; index += 1) await announce(ADDRESS);
    await waitUntil(
      async () => (await readBytesInFlight()) === BODIES_OF_ADDRESS * BATCH_BYTES,
      'all are read',
    );
    await closeAll();
    assert.equal((await send(ADDRESS)).status, 200);
  });

  it('count as they grow when they are chunked', async () => {
    for (let index = 0; index < BODIES_OF_ADDRESS; index += 1) await announce(ADDRESS);
    const chunk = `40000\r\n${' '.repeat(0x40000)}\r\n`;
    const chunked = await startRequest({
      address: ADDRESS,
      fields: 'Transfer-Encoding: chunked',
      start: chunk,
    });
    await waitUntil(
      async () => (await readBytesInFlight()) >= BODIES_OF_ADDRESS * BATCH_BYTES + 0x40000,
      'the first chunk is counted',
    );
    assert.equal(chunked.answer(), '');
    for (let index = 0; index < 8; index += 1) chunked.socket.write(chunk);
    await waitUntil(() => chunked.answer() !== '', 'it is answered');
    assert.match(chunked.answer(), /^HTTP\/1\.1 503 /);
  });
});

describe('unfinished bodies in chunks whose key is not known yet', () => {
  it('take hardly more memory than has arrived', async () => {
    const chunk = `${(63 * 1024).toString(16)}\r\n${' '.repeat(63 * 1024)}\r\n`;
    const fields = 'Transfer-Encoding: chunked';
    for (let index = 0; index < 10; index += 1)
      await startRequest({ address: ADDRESS, path: '/batch', key: '', fields, start: chunk });
    await waitUntil(async () => (await readBytesInFlight()) >= 10 * 63 * 1024, 'all have arrived');
    assert.equal(await readBytesInFlight(), 10 * 64 * 1024);
  });
});

describe('unfinished bodies of many addresses', () => {
  it('leave room for the keys of backends, and are reported', async () => {
    for (let index = 0; index < BODIES_OF_KEY; index += 1) await announce(`198.51.100.${index}`);
    await waitUntil(async () => (await readBytesInFlight()) === BODIES_OF_KEY * BATCH_BYTES, 'all are read');
    const refused = await announce('203.0.113.9');
    await waitUntil(() => refused.answer() !== '', 'it is answered');
    assert.match(refused.answer(), /^HTTP\/1\.1 503 /);
    assert.equal((await send('203.0.113.10', server_key)).status, 200);
    const { status, warnings } = (await api.call('GET', '/readyz')).body;
    assert.equal(status, 'degraded');
    assert.match(warnings.join(), /Request bodies are being refused with 503/);
  });

  it('leave room for bodies without a key, which have a share of their own', async () => {
    const origin = `Origin: ${api.url}\r\nContent-Length: ${64 * 1024}`;
    const signIn = () => startRequest({ address: ADDRESS, path: '/app/v1/sign-in', key: '', fields: origin });
    const count = BODY_SHARES.anonymous.address / (64 * 1024);
    const requests = [];
    for (let index = 0; index < count; index += 1) requests.push(await signIn());
    await waitUntil(
      async () => (await readBytesInFlight()) === BODY_SHARES.anonymous.address,
      'all are read',
    );
    assert.deepEqual([...new Set(requests.map(({ answer }) => answer()))], ['']);
    const refused = await signIn();
    await waitUntil(() => refused.answer() !== '', 'it is answered');
    assert.match(refused.answer(), /^HTTP\/1\.1 503 /);
    assert.equal((await send(ADDRESS)).status, 200);
  });
});

function readCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

describe('bodies that are expensive to parse', () => {
  const sendCompressed = (text: Buffer) =>
    api.call('POST', '/v1/events', {
      key: client_key,
      headers: { 'content-encoding': 'gzip', 'x-forwarded-for': ADDRESS },
      body: text,
    });

  it('never block the event loop for half a second', async (t) => {
    const bodies = Object.entries(BOMBS).map(([name, create]) => ({ name, body: gzipSync(create()) }));
    // Processor time of this thread: other processes that share the machine do not count.
    let [last, longest] = [readCpuMs(), 0];
    const timer = setInterval(() => {
      const now = readCpuMs();
      longest = Math.max(longest, now - last);
      last = now;
    }, 5);
    const answers = await Promise.all(
      bodies.map(async ({ name, body }) => [name, (await sendCompressed(body)).status] as const),
    );
    clearInterval(timer);
    t.diagnostic(`longest block: ${Math.round(longest)} ms`);
    const accepted = answers.filter(([, status]) => status !== 413).map(([name]) => name);
    // Both are one event that is not an object, which is rejected by itself.
    assert.deepEqual(accepted, ['a number with five million digits', 'a text of escapes']);
    assert.ok(longest < 500, `${longest} ms`);
  });

  it('do not keep the largest batch from being stored: 1,000 events with 200 properties each', async () => {
    const properties = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`k${index}`, [[[index]]]]),
    );
    const events = Array.from({ length: 1_000 }, (_, index) => ({
      event_id: `large-${index}`,
      event_name: 'opened',
      app_user_id: 'u1',
      properties,
    }));
    const text = JSON.stringify({ events });
    assert.ok(text.length > BATCH_BYTES / 2 && text.length <= BATCH_BYTES, String(text.length));
    const { status, body } = await api.call('POST', '/v1/events', { key: client_key, body: text });
    assert.deepEqual([status, body.accepted, body.rejected], [200, 1_000, []]);
  });

  it('are refused by the number of their events, one more than a batch may have', async () => {
    const create = (count: number) =>
      JSON.stringify({ events: Array.from({ length: count }, () => ({ padding: 'x'.repeat(1_000) })) });
    const statusOf = async (count: number) => (await sendCompressed(gzipSync(create(count)))).status;
    assert.deepEqual([await statusOf(1_000), await statusOf(1_001)], [200, 413]);
  });

  it('in chunks of 64 bytes take no more memory than their bytes; in chunks of one byte, are refused with 400', async () => {
    const chunks = `40\r\n${' '.repeat(64)}\r\n`.repeat(10_000);
    const before = process.memoryUsage().heapUsed;
    await startRequest({ address: ADDRESS, fields: 'Transfer-Encoding: chunked', start: chunks });
    await waitUntil(async () => (await readBytesInFlight()) >= 640_000, 'all chunks are read');
    assert.ok((await readBytesInFlight()) <= 2 * 1024 * 1024);
    assert.ok(process.memoryUsage().heapUsed - before < 100_000_000);
    const refused = await startRequest({
      address: ADDRESS,
      fields: 'Transfer-Encoding: chunked',
      start: '1\r\n \r\n'.repeat(400_000),
    });
    await waitUntil(() => refused.socket.closed, 'its connection is closed');
    assert.match(refused.answer(), /^HTTP\/1\.1 400 [\s\S]*"code":"invalid_encoding"/);
  });
});

describe('hundreds of small bodies that would become 5 MB each', () => {
  const target = { url: api.url, clientKey: client_key };

  it('are decompressed a few at a time, and never more than wait', async (t) => {
    const before = process.memoryUsage().rss;
    let peak = before;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 5);
    const answered = await sendBurst(target, { count: 400, stayMs: 1_500 });
    clearInterval(timer);
    t.diagnostic(`${answered} answered, ${Math.round((peak - before) / 1e6)} MB more`);
    assert.ok(answered > 0);
    assert.ok(peak - before < 300_000_000, `${peak - before} bytes`);
  });

  it('leave the queue when their senders disconnect, and never keep a backend waiting', async () => {
    await sendBurst(target, { count: 400, stayMs: 20 });
    const text = JSON.stringify({
      events: Array.from({ length: 1_000 }, (_, index) => ({
        event_id: `backend-${index}`,
        event_name: 'opened',
        app_user_id: 'u1',
        properties: { text: 'x'.repeat(50) },
      })),
    });
    const startedAt = performance.now();
    const { status, body } = await api.call('POST', '/v1/events', {
      key: server_key,
      headers: { 'content-encoding': 'gzip', 'x-forwarded-for': '192.0.2.1' },
      body: gzipSync(text),
    });
    assert.deepEqual([status, body.accepted], [200, 1_000]);
    // Behind all of the burst it would be minutes.
    assert.ok(performance.now() - startedAt < 15_000);
    await waitUntil(async () => (await readBytesInFlight()) === 0, 'the memory of every body is released');
  });
});
