import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { storeLargeEvents } from '../attacks/stalled-readers.ts';
import { readMetric, startTestServer } from '../support/harness.ts';

const api = await startTestServer({ APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: '1/0' });
const { client_key: clientKey, server_key: serverKey, app_id: appId } = api.project;
const person = { email: '', password: '' };
await storeLargeEvents({ url: api.url, clientKey, readKey: serverKey, serverKey, appId, person });

const SEARCH = '/v1/events?limit=100';

/** Asks for large answers on one connection, each after the one before, and reads none. */
async function stallReader(): Promise<Socket> {
  const { hostname, port } = new URL(api.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  socket.pause();
  const request = `GET ${SEARCH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${serverKey}\r\n\r\n`;
  // The system takes the first answers for the reader; the next one stays in the server.
  socket.write(request.repeat(8));
  while (!((await readMetric(api, 'appflow_connections_unsent_bytes')) > 1_000_000)) await sleep(20);
  return socket;
}

it('an answer that is not read keeps its slot until its connection is closed', async () => {
  const socket = await stallReader();
  const denied = await api.call('GET', SEARCH, { key: serverKey });
  assert.equal(denied.status, 429);
  assert.equal(denied.body.policy, 'analytics-in-flight');
  assert.deepEqual(denied.body['violated-policies'], ['analytics-in-flight']);
  const field = (name: string) => denied.headers.get(name) ?? '';
  assert.match(field('ratelimit-policy'), /(^|, )"analytics-in-flight";q=1;qu="concurrent-requests"$/);
  const seconds = field('retry-after');
  assert.match(field('ratelimit'), new RegExp(`(^|, )"analytics-in-flight";r=0;t=${seconds}$`));
  socket.destroy();
  while ((await readMetric(api, 'appflow_queries_in_flight{state="running"}')) > 0) await sleep(20);
  const headers = { 'accept-encoding': 'identity' };
  const answered = await api.call('GET', SEARCH, { key: serverKey, headers });
  assert.equal(answered.status, 200);
  assert.ok(answered.text.length > 1_000_000);
  assert.equal(Number(answered.headers.get('content-length')), Buffer.byteLength(answered.text));
});
