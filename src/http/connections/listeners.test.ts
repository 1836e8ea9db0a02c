import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { addListeners, LISTEN_OPTIONS, SHARES_PORT } from './listeners.ts';

const CONNECTIONS = 200;
const TURN_MS = 10;

/** Connects from another thread, and answers how long it took until all had an answer, in milliseconds. */
const CLIENT = `
const { connect } = require('node:net');
const { parentPort, workerData: { port, connections } } = require('node:worker_threads');
const startedAt = performance.now();
let answered = 0;
for (let index = 0; index < connections; index += 1) {
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'));
  socket.once('data', () => {
    answered += 1;
    if (answered === connections) parentPort.postMessage(performance.now() - startedAt);
  });
}`;

async function listen() {
  const server = createServer((_request, response) => void response.end('ok'));
  server.listen({ port: 0, host: '127.0.0.1', ...LISTEN_OPTIONS });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, port };
}

it('accepts many connections in each turn of a busy event loop', { skip: !SHARES_PORT }, async () => {
  const { server, port } = await listen();
  const closeListeners = await addListeners(server);
  let isBusy = true;
  let turns = 0;
  const work = () => {
    const end = performance.now() + TURN_MS;
    while (performance.now() < end);
    turns += 1;
    if (isBusy) setImmediate(work);
  };
  work();
  const client = new Worker(CLIENT, { eval: true, workerData: { port, connections: CONNECTIONS } });
  await once(client, 'online');
  const turnsBefore = turns;
  await once(client, 'message');
  isBusy = false;
  const took = turns - turnsBefore;
  assert.ok(took < CONNECTIONS / 2, `${took} turns for ${CONNECTIONS} connections`);
  await client.terminate();
  server.close();
  await closeListeners();
});

it('closes its sockets once their connections are closed, and accepts no more', async () => {
  const { server, port } = await listen();
  const closeListeners = await addListeners(server);
  const clients = Array.from({ length: 40 }, () => connect(port, '127.0.0.1'));
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
