import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startTestServer } from '../support/harness.ts';

const api = await startTestServer({ APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: '1/0' });
const { server_key, app_id } = api.project;

async function countStreams(): Promise<number> {
  const { text } = await api.call('GET', '/metrics');
  return Number(/^appflow_queries_in_flight\{state="streaming"\} (\d+)$/m.exec(text)?.[1]);
}

/** Polls until this many streams are open. The test's time limit is the only timeout. */
async function untilOpen(count: number): Promise<void> {
  while ((await countStreams()) !== count);
}

async function openStream() {
  const controller = new AbortController();
  const response = await fetch(`${api.url}/v1/events/stream?app_id=${app_id}`, {
    headers: { authorization: `Bearer ${server_key}` },
    signal: controller.signal,
  });
  return { response, close: () => controller.abort() };
}

it('a key can have five open streams; they take no query slots, and closing one makes room', async () => {
  const streams = await Promise.all(Array.from({ length: 5 }, openStream));
  for (const { response } of streams) assert.equal(response.status, 200);
  await untilOpen(5);
  const { response: denied } = await openStream();
  const { code, policy } = JSON.parse(await denied.text());
  assert.deepEqual([denied.status, code, policy], [429, 'rate_limited', 'analytics-streams']);
  assert.match(denied.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  assert.equal((await api.call('GET', '/v1/events', { key: server_key })).status, 200);
  streams.pop()?.close();
  await untilOpen(4);
  const next = await openStream();
  assert.equal(next.response.status, 200);
  for (const { close } of [...streams, next]) close();
  await untilOpen(0);
});
