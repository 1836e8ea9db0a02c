import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { parseCidrs } from '../../lib/ip.ts';
import { openLog } from '../../lib/log.ts';
import { type ConnectionOptions, type Connections, createConnections } from './connections.ts';
import { FIRST_BYTE_MS, PIECE_BYTES, REQUESTS_OPEN_MAX, STALLED_MS } from './limits.ts';
import { toPayload } from './pieces.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

const answerOk: RequestListener = (_request, response) => void response.end('ok');

type Client = { socket: Socket; text: () => string; closed: Promise<unknown> };

const cleanups: (() => void)[] = [];
cleanUp(() => {
  for (const clean of cleanups) clean();
});

/** Starts a server on its own connections, with a clock that the test moves. */
async function start(handle: RequestListener, options: Partial<ConnectionOptions> = {}) {
  let now = Date.now();
  const clock = { now: () => now };
  const connections = createConnections({
    clock,
    log: openLog('silent'),
    trustedProxies: [],
    ...options,
  });
  const server = connections.createServer(handle);
  let requests = 0;
  server.on('request', () => {
    requests += 1;
  });
  server.on('clientError', (error, socket) => connections.refuse(error, socket, ''));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  /** Connects and waits until the server has accepted the connection. */
  async function open(bytes = ''): Promise<Client> {
    const accepted = once(server, 'connection');
    const socket = connect(port, '127.0.0.1', () => bytes && socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    cleanups.push(() => socket.destroy());
    await accepted;
    return { socket, text: () => text, closed };
  }
  const advance = (ms: number) => {
    now += ms;
  };
  return { connections, open, advance, countRequests: () => requests };
}

/** Polls until it is true. The test's time limit is the only timeout. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

const countAnswers = ({ text }: Client) => text().split('HTTP/1.1 200').length - 1;

/** Longer than the time between two inspections. */
const INSPECTED_MS = 700;

const isOpen = ({ socket }: Client) => !socket.destroyed && !socket.readableEnded;

const closedBy = (connections: Connections) =>
  Object.fromEntries(Object.entries(connections.closed()).filter(([, count]) => count > 0));

it('handles the requests of a connection one after another, in order', async () => {
  const running: string[] = [];
  let mostRunning = 0;
  const { open } = await start(async ({ url = '' }, response) => {
    running.push(url);
    mostRunning = Math.max(mostRunning, running.length);
    await sleep(url === '/0' ? 30 : 1);
    running.pop();
    response.end(`${url}\n`);
  });
  const paths = Array.from({ length: REQUESTS_OPEN_MAX }, (_, index) => `/${index}`);
  const client = await open(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  await until(() => countAnswers(client) === REQUESTS_OPEN_MAX);
  assert.equal(mostRunning, 1);
  assert.deepEqual(client.text().match(/^\/\d$/gm), paths);
});

it('closes a connection with nine open requests, and parses no further', async () => {
  const handled: ServerResponse[] = [];
  const { open, connections, countRequests } = await start((_request, response) => {
    handled.push(response);
  });
  const client = await open(GET.repeat(2_000));
  await client.closed;
  assert.equal(handled.length, 1);
  assert.ok(countRequests() <= REQUESTS_OPEN_MAX + 2, `${countRequests()} requests were parsed`);
  assert.deepEqual(closedBy(connections), { pipelined: 1 });
  assert.equal(connections.count().open, 0);
});

it('answers any number of requests of a connection that waits for the answers', async () => {
  const { open } = await start(answerOk);
  const client = await open();
  for (let sent = 1; sent <= 3 * REQUESTS_OPEN_MAX; sent += 1) {
    client.socket.write(GET);
    await until(() => countAnswers(client) === sent);
  }
});

it('closes a connection that sends nothing for 10 s, and no other', async () => {
  const { open, connections, advance } = await start(answerOk);
  const silent = await open();
  const slow = await open('G');
  const idle = await open(GET);
  await until(() => countAnswers(idle) === 1);
  advance(FIRST_BYTE_MS - 1);
  await sleep(INSPECTED_MS);
  assert.ok(isOpen(silent));
  advance(1);
  await silent.closed;
  await sleep(INSPECTED_MS);
  assert.ok(isOpen(slow) && isOpen(idle));
  assert.deepEqual(closedBy(connections), { silent: 1 });
});

const LARGE_BYTES = 20_000_000;

/** Answers more than the system takes for a reader that does not read. */
const answerLarge: RequestListener = (_request, response) => {
  const payload = toPayload(Buffer.alloc(LARGE_BYTES));
  if (Buffer.isBuffer(payload)) response.end(payload);
  else payload.pipe(response);
};

it('disconnects a reader that takes nothing for 30 s, and not one that takes a piece in that time', async () => {
  const { open, connections, advance } = await start(answerLarge);
  const [stalled, slow] = [await open(GET), await open(GET)];
  stalled.socket.pause();
  slow.socket.pause();
  await until(() => connections.count().unsentBytes > PIECE_BYTES);
  await sleep(INSPECTED_MS);
  advance(STALLED_MS - 1);
  // Enough to free a piece in the system's buffers.
  const from = slow.socket.bytesRead;
  slow.socket.resume();
  await until(() => slow.socket.bytesRead - from > LARGE_BYTES / 4);
  slow.socket.pause();
  await sleep(INSPECTED_MS);
  advance(1);
  await sleep(INSPECTED_MS);
  assert.deepEqual(closedBy(connections), { stalled: 1 });
  stalled.socket.resume();
  await stalled.closed;
  slow.socket.resume();
  await until(() => slow.socket.bytesRead > LARGE_BYTES);
});

it('closes those that stalled for the longest time when too many bytes wait for readers', async () => {
  const unsentBytesMax = 500_000;
  let connections: Connections | undefined;
  const hold: RequestListener = (request, response) => {
    connections?.hold(response, 200_000);
    answerLarge(request, response);
  };
  const server = await start(hold, { unsentBytesMax });
  connections = server.connections;
  const clients: Client[] = [];
  for (let index = 0; index < 3; index += 1) {
    const client = await server.open(GET);
    client.socket.pause();
    clients.push(client);
    await until(() => server.connections.count().active === Math.min(index + 1, 2));
    await sleep(INSPECTED_MS);
    server.advance(1_000);
  }
  assert.deepEqual(closedBy(server.connections), { unsent_answers: 1 });
  assert.ok(server.connections.count().unsentBytes <= unsentBytesMax);
  assert.match(server.connections.findProblem() ?? '', /too many answers/);
  clients[0]?.socket.resume();
  await clients[0]?.closed;
});

const caps = { total: 3, perAddress: 3 };

it('at the cap, the connection without a request for the longest time makes room, then the longest idle', async () => {
  const { open, connections } = await start(answerOk, { caps });
  const idle = await open(GET);
  await until(() => countAnswers(idle) === 1);
  const silent = await open();
  const later = await open();
  const known = await open(GET);
  await silent.closed;
  await until(() => countAnswers(known) === 1);
  const next = await open(GET);
  await later.closed;
  await until(() => countAnswers(next) === 1);
  assert.ok(isOpen(idle));
  const last = await open(GET);
  await idle.closed;
  await until(() => countAnswers(last) === 1);
  assert.deepEqual(closedBy(connections), { made_room: 3 });
  assert.match(connections.findProblem() ?? '', /too many connections/);
});

it('refuses a connection when all others have requests in progress, and none of those is closed', async () => {
  const responses: ServerResponse[] = [];
  const { open, connections } = await start((_request, response) => responses.push(response), { caps });
  const clients = [await open(GET), await open(GET), await open(GET)];
  await until(() => responses.length === 3);
  const refused = await open(GET);
  await refused.closed;
  assert.deepEqual(closedBy(connections), { server_full: 1 });
  for (const response of responses) response.end('ok');
  for (const client of clients) await until(() => countAnswers(client) === 1);
});

it('an address has its share, in which its own idle connections make room; proxies and nearby peers have no such cap', async () => {
  const narrow = { caps: { total: 10, perAddress: 2 }, nearby: [] };
  const remote = await start(answerOk, narrow);
  const first = await remote.open(GET);
  await until(() => countAnswers(first) === 1);
  const second = await remote.open(GET);
  await until(() => countAnswers(second) === 1);
  await remote.open(GET);
  await first.closed;
  assert.deepEqual(closedBy(remote.connections), { made_room: 1 });
  const trustedProxies = parseCidrs(['127.0.0.1']).cidrs;
  for (const options of [
    { ...narrow, trustedProxies },
    { ...narrow, nearby: trustedProxies },
  ]) {
    const { open, connections } = await start(answerOk, options);
    for (let index = 0; index < 6; index += 1) await open();
    assert.equal(connections.count().open, 6);
  }
});

it('answers bytes that are not HTTP, then closes the connection even if the client does not', async () => {
  const { open, connections } = await start(answerOk);
  const client = await open('this is not HTTP\r\n\r\n');
  client.socket.on('end', () => undefined);
  await client.closed;
  assert.match(client.text(), /^HTTP\/1.1 400 Bad Request\r\n.*"code":"invalid_encoding"/s);
  await until(() => connections.count().open === 0);
  assert.deepEqual(closedBy(connections), { not_http: 1 });
});

it('writes no answer to broken bytes into the answer of the request before them', async () => {
  let current: ServerResponse | undefined;
  const { open } = await start((_request: IncomingMessage, response) => {
    current = response;
    response.write('half of an answer');
  });
  const client = await open(GET);
  await until(() => client.text().includes('half of an answer'));
  client.socket.write('this is not HTTP\r\n\r\n');
  await client.closed;
  assert.ok(!client.text().includes('400'));
  assert.equal(current?.destroyed, true);
});

it('answers broken bytes behind a request that is not answered yet with nothing', async () => {
  const { open } = await start(() => undefined);
  const client = await open(`${GET}this is not HTTP\r\n\r\n`);
  await client.closed;
  assert.equal(client.text(), '');
});
