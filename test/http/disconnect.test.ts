import assert from 'node:assert/strict';
import { connect as connectSocket } from 'node:net';
import { it } from 'node:test';
import { startChildServer } from '../support/child-server.ts';
import { initProject, makeConfig, makeTempDir } from '../support/harness.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

const dataDir = makeTempDir();
const { server_key, client_key } = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
const server = await startChildServer({ APPFLOW_DATA_DIR: dataDir });
const { port, hostname } = new URL(server.url);

const headOf = (key: string, line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`, ...headers, '', ''].join('\r\n');

/** Sends a request, or part of one, and disconnects immediately. */
const sendAndDisconnect = (bytes: string) =>
  new Promise<void>((resolve) => {
    const socket = connectSocket({ port: Number(port), host: hostname }, () => {
      socket.write(bytes, () => setImmediate(() => socket.destroy()));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });

it('stores no events from a truncated body, and all events of the next request', async () => {
  const body = JSON.stringify({ events: [{ event_id: 'cut', event_name: 'opened', app_user_id: 'u1' }] });
  const type = 'Content-Type: application/json';
  const head = headOf(client_key, 'POST /v1/events', type, `Content-Length: ${body.length}`);
  for (let length = 0; length < body.length; length += 5)
    await sendAndDisconnect(head + body.slice(0, length));
  const search = () => server.call('GET', '/v1/events?event_id=cut', { key: server_key });
  assert.equal((await search()).body.data.length, 0);
  const whole = parseAnswer(
    await sendRaw(server.url, `${head.replace('Host: x', 'Host: x\r\nConnection: close')}${body}`),
  );
  assert.equal(whole.body.accepted, 1, whole.text);
  assert.equal((await search()).body.data.length, 1);
});

it('returns 400 for a body with broken chunks', async () => {
  const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];
  const answer = await sendRaw(
    server.url,
    `${headOf(client_key, 'POST /v1/events', ...headers)}5\r\n{"eve\r\nzzz\r\n`,
  );
  assert.equal(parseAnswer(answer).status, 400);
});

it('logs no error and stays healthy when clients disconnect during a body or a query', async () => {
  for (let round = 0; round < 30; round += 1) {
    await Promise.all([
      sendAndDisconnect(headOf(server_key, 'GET /v1/events?limit=200')),
      sendAndDisconnect(
        headOf(server_key, 'POST /v1/apps', 'Content-Type: application/json', 'Content-Length: 9'),
      ),
      sendAndDisconnect('GET /heal'),
    ]);
  }
  assert.equal((await server.call('GET', '/readyz')).body.status, 'ok');
  assert.equal((await server.stop()).code, 0);
  const errors = server
    .output()
    .split('\n')
    .filter((line) => line.includes('"level":50'));
  assert.deepEqual(errors, []);
});
