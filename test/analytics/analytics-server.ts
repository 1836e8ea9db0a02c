import assert from 'node:assert/strict';
import type { TestServer } from '../support/harness.ts';
import type { PlainEvent } from './reference.ts';

/** Sends a query and returns the whole answer. Fails unless the status is 200. */
export async function ask(
  api: TestServer,
  report: 'daily' | 'hourly' | 'users' | 'live' | 'breakdown' | 'retention',
  parameters: Record<string, string | number | readonly string[]>,
  key: string = api.project.read_only_key,
) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) query.append(name, String(one));
  }
  const { status, body, text } = await api.call('GET', `/v1/analytics/${report}?${query}`, { key });
  assert.equal(status, 200, text);
  return body;
}

/** Sends a funnel query and returns the whole answer. Fails unless the status is 200. */
export async function askFunnel(api: TestServer, body: object, key: string = api.project.server_key) {
  const answer = await api.call('POST', '/v1/analytics/funnel', { key, body });
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

/** Sends events in one batch. Fails unless each is stored or a duplicate. */
export async function send(
  api: TestServer,
  events: readonly PlainEvent[],
  { appId = api.project.app_id, key = api.project.server_key }: { appId?: string; key?: string } = {},
): Promise<void> {
  const batch = { app_id: appId, events: events.map(({ verified: _, ...event }) => event) };
  const { status, body, text } = await api.call('POST', '/v1/events', { key, body: batch });
  assert.equal(status, 200, text);
  assert.deepEqual(body.rejected, [], text);
}

/** Creates another app in the server's project and returns its id. */
export async function makeApp(api: TestServer, timezone = 'UTC', currency = 'USD'): Promise<string> {
  const body = { name: 'One more', platform: 'ios', timezone, currency };
  const answer = await api.call('POST', '/v1/apps', { key: api.project.server_key, body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.id;
}
