import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { it } from 'node:test';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { openLog } from '../../lib/log.ts';
import { createConnections } from './connections.ts';

const readAll: RequestListener = (request, response) => {
  request.resume();
  request.on('end', () => response.end('ok'));
};

/** Short: Node looks every two seconds which requests exceed these. */
const TIMEOUT_MS = 100;

const connections = createConnections({
  clock: { now: () => Date.now() },
  log: openLog('silent'),
  trustedProxies: [],
});
const server = connections.createServer(readAll);
server.headersTimeout = TIMEOUT_MS;
server.requestTimeout = TIMEOUT_MS;
server.on('clientError', (error, socket) => connections.refuse(error, socket, ''));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
cleanUp(() => {
  server.close();
  server.closeAllConnections();
});

/** Sends bytes and returns all that comes back until the server closes the connection. */
async function send(bytes: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  const chunks: Buffer[] = await socket.toArray();
  return Buffer.concat(chunks).toString();
}

it('answers a body that does not arrive in time with 408', async () => {
  const answer = await send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
  assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"code":"request_too_slow"/);
  assert.match(answer, /\r\nConnection: close\r\n/);
});

it('closes an idle connection, or one with half a head, without a byte: it would answer the next request', async () => {
  for (const bytes of ['\r\n', 'GET / HTTP/1.1\r\nHo']) assert.equal(await send(bytes), '', bytes);
});

it('answers headers that are too large with 431', async () => {
  const answer = await send(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(17_000)}\r\n\r\n`);
  assert.match(
    answer,
    /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n[\s\S]*"code":"headers_too_large"/,
  );
});
