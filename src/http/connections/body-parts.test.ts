import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { openLog } from '../../lib/log.ts';
import { createConnections } from './connections.ts';
import {
  DISCARD_EVERY_MS,
  DISCARD_STEP_BYTES,
  DISCARD_WAIT_MS_MAX,
  PART_BYTES_MIN,
  PARTS_SPARE_MAX,
} from './limits.ts';

const POST = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const END = '0\r\n\r\n';

const chunksOf = (bytes: number, count: number) =>
  `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`.repeat(count);

const cleanups: (() => void)[] = [];
cleanUp(() => {
  for (const clean of cleanups) clean();
});

/** Starts a server on its own connections. `send` opens a connection, and returns what it has received so far. */
async function start(handle: RequestListener, clock = { now: () => Date.now() }, total = 100) {
  const caps = { total, perAddress: total };
  const connections = createConnections({ clock, log: openLog('silent'), trustedProxies: [], caps });
  const server = connections.createServer(handle);
  server.on('clientError', (error, socket) => connections.refuse(error, socket, ''));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  async function open(bytes: string) {
    const accepted = once(server, 'connection');
    const socket = connect(port, '127.0.0.1');
    socket.write(bytes);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    cleanups.push(() => socket.destroy());
    const [accepting] = await accepted;
    return { socket, accepting, text: () => text };
  }
  const closed = () =>
    Object.fromEntries(Object.entries(connections.closed()).filter(([, count]) => count > 0));
  return { open, closed, connections };
}

/** Polls until it is true. The test's time limit is the only timeout. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

const countAnswers = (text: string, status: number) => text.split(`HTTP/1.1 ${status}`).length - 1;

/** Answers with the bytes of the body, and counts its parts. */
function createReader() {
  let parts = 0;
  const handle: RequestListener = (request, response) => {
    let bytes = 0;
    request.on('data', (part) => {
      parts += 1;
      bytes += part.length;
    });
    request.on('end', () => response.end(`${bytes} bytes`));
  };
  return { handle, countParts: () => parts };
}

const refuse: RequestListener = (_request, response) => {
  response.statusCode = 401;
  response.end();
};

it('refuses a body in tiny chunks with 400 whether its handler reads it or not, and passes on no more of it', async () => {
  const { handle, countParts } = createReader();
  const read = await start(handle);
  const client = await read.open(POST + chunksOf(1, 10_000));
  await until(() => client.socket.closed);
  assert.match(client.text(), /^HTTP\/1\.1 400 .*tiny chunks/s);
  assert.deepEqual(read.closed(), { tiny_chunks: 1 });
  assert.ok(countParts() < 2 * PARTS_SPARE_MAX, `${countParts()} parts`);
  const unread = await start(refuse);
  const refused = await unread.open(POST + chunksOf(1, 200));
  await until(() => countAnswers(refused.text(), 401) === 1);
  refused.socket.write(chunksOf(1, 10_000));
  await until(() => refused.socket.closed);
  assert.deepEqual(unread.closed(), { tiny_chunks: 1 });
});

it('reads a body in chunks of 64 bytes or more, in some tiny ones, and in any number of small writes without chunks', async () => {
  const { handle } = createReader();
  const { open, closed } = await start(handle);
  const bodies = [
    chunksOf(PART_BYTES_MIN, 20_000),
    chunksOf(1_024, 5_120),
    chunksOf(16_384, 320),
    chunksOf(1, PARTS_SPARE_MAX / 2),
  ];
  for (const body of bodies) {
    const client = await open(POST + body + END);
    await until(() => countAnswers(client.text(), 200) === 1);
  }
  const count = 2 * PARTS_SPARE_MAX;
  const slow = await open(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${count}\r\n\r\n`);
  slow.socket.setNoDelay();
  for (let sent = 0; sent < count; sent += 1) {
    slow.socket.write('x');
    await sleep(1);
  }
  await until(() => countAnswers(slow.text(), 200) === 1);
  assert.deepEqual(closed(), {});
});

it('reads any number of requests with a few tiny chunks on one connection, and its parser is reused', async () => {
  const { handle } = createReader();
  const { open, closed } = await start(handle);
  const broken = await open(POST + chunksOf(1, 10_000));
  await until(() => broken.socket.closed);
  const client = await open('');
  for (let sent = 1; sent <= 200; sent += 1) {
    client.socket.write(POST + chunksOf(2, 4) + END);
    await until(() => countAnswers(client.text(), 200) === sent);
  }
  assert.equal(client.text().split('8 bytes').length - 1, 200);
  assert.deepEqual(closed(), { tiny_chunks: 1 });
});

it('keeps the connection of a refused request whose body ends, and reads its rest no faster than it has to', async () => {
  const { open, closed } = await start(refuse);
  const bytes = 1_000_000;
  const client = await open(POST + chunksOf(16_384, bytes / 16_384) + END);
  await until(() => countAnswers(client.text(), 401) === 1);
  assert.ok(client.accepting.bytesRead < bytes / 2);
  client.socket.write(GET);
  await until(() => countAnswers(client.text(), 401) === 2);
  assert.deepEqual(closed(), {});
});

it('reads nothing more from a connection while a request waits', async () => {
  let answer = () => {};
  const handle: RequestListener = (request, response) => {
    if (request.method === 'POST') createReader().handle(request, response);
    else answer = () => void response.end('ok');
  };
  const { open, closed } = await start(handle);
  const body = chunksOf(16_384, 64);
  const client = await open(GET + POST);
  await until(() => client.accepting.bytesRead >= (GET + POST).length);
  client.socket.write(body + END);
  await sleep(100);
  assert.ok(client.accepting.bytesRead <= 128 * 1024, `${client.accepting.bytesRead} bytes read`);
  answer();
  await until(() => client.text().includes(`${64 * 16_384} bytes`));
  assert.deepEqual(closed(), {});
});

it('closes a waiting request in tiny chunks', async () => {
  const { open, closed } = await start(() => undefined);
  const client = await open(GET + POST + chunksOf(1, 10_000));
  await until(() => client.socket.closed);
  assert.equal(client.text(), '');
  assert.deepEqual(closed(), { tiny_chunks: 1 });
});

it('at the cap, the slowest request that is not complete after 5 s makes room, and no complete one', async () => {
  let now = Date.now();
  const { open, closed } = await start(() => undefined, { now: () => now }, 3);
  const complete = await open(GET);
  const slow = await open(`${POST}${chunksOf(1, 1)}`);
  const faster = await open(POST);
  faster.socket.write(chunksOf(16_384, 1));
  await until(() => faster.accepting.bytesRead > 16_384);
  now += 4_999;
  await sleep(700);
  const early = await open(GET);
  await until(() => early.socket.closed);
  assert.deepEqual(closed(), { server_full: 1 });
  now += 1;
  await sleep(700);
  const later = await open(GET);
  await until(() => slow.socket.closed);
  assert.deepEqual(closed(), { server_full: 1, made_room: 1 });
  assert.ok(!complete.socket.closed && !faster.socket.closed && !later.socket.closed);
});

it('reads the bodies of refused requests at a bounded speed in all, and closes connections that would wait too long', async () => {
  const bytes = 4 * DISCARD_STEP_BYTES;
  const request = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`;
  const { open, closed, connections } = await start(refuse, undefined, 1_000);
  const flooding = 400;
  assert.ok(flooding > DISCARD_WAIT_MS_MAX / DISCARD_EVERY_MS);
  const flood: Socket[] = [];
  for (let count = 0; count < flooding; count += 1) flood.push((await open(request)).socket);
  await until(() => (closed().unused_body ?? 0) > 0);
  for (const socket of flood) socket.destroy();
  await until(() => connections.count().open === 0);
  const before = closed().unused_body;
  await sleep(DISCARD_WAIT_MS_MAX);
  const { socket, text } = await open(request);
  await until(() => countAnswers(text(), 401) === 1);
  socket.write(GET);
  await until(() => countAnswers(text(), 401) === 2);
  assert.equal(closed().unused_body, before, 'a single body is discarded whole');
});
