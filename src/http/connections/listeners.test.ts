import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { addListeners, LISTEN_OPTIONS, SHARES_PORT } from './listeners.ts';

const CONNECTIONS = 200;
const TURN_MS = 10;

/** Connects from another thread, and reports when all have an answer. */
const CLIENT = `
const { connect } = require('node:net');
const { parentPort, workerData: { port, connections } } = require('node:worker_threads');
let answered = 0;
for (let index = 0; index < connections; index += 1) {
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'));
  socket.once('data', () => {
    answered += 1;
    if (answered === connections) parentPort.postMessage('answered');
  });
}`;

async function listen() {
  const server = createServer((_request, response) => void response.end('ok'));
  server.listen({ port: 0, host: '127.0.0.1', ...LISTEN_OPTIONS });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, port };
}

it('accepts many connections in one turn of a busy event loop', { skip: !SHARES_PORT }, async (t) => {
  const { server, port } = await listen();
  const closeListeners = await addListeners(server);
  let [isBusy, accepted, most] = [true, 0, 0];
  server.on('connection', () => {
    accepted += 1;
  });
  const work = () => {
    most = Math.max(most, accepted);
    accepted = 0;
    for (const end = performance.now() + TURN_MS; performance.now() < end; );
    if (isBusy) setImmediate(work);
  };
  const client = new Worker(CLIENT, { eval: true, workerData: { port, connections: CONNECTIONS } });
  t.after(async () => {
    isBusy = false;
    await client.terminate();
    server.close();
    server.closeAllConnections();
    await closeListeners();
  });
  work();
  await once(client, 'message');
  // With one socket it is one connection per turn, however many wait.
  assert.ok(most >= 4, `${most} connections in a turn`);
});

it('closes its sockets once their connections are closed, and accepts no more', async (t) => {
  const { server, port } = await listen();
  const closeListeners = await addListeners(server);
  const clients = Array.from({ length: 40 }, () => connect(port, '127.0.0.1'));
  t.after(() => {
    server.close();
    server.closeAllConnections();
    for (const client of clients) client.destroy();
    void closeListeners();
  });
  await Promise.all(clients.map((client) => once(client, 'connect')));
  for (const client of clients) client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await Promise.all(clients.map((client) => once(client, 'data')));
  server.close();
  const closed = closeListeners();
  server.closeIdleConnections();
  await closed;
  const late = connect(port, '127.0.0.1');
  const [error] = await once(late, 'error');
  assert.equal(error.code, 'ECONNREFUSED');
});
