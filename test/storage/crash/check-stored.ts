import assert from 'node:assert/strict';
import type { EventJson } from '../../../src/events/event-json.ts';
import { readPersons, type SentEvent } from '../../analytics/persons-reference.ts';
import { listDates, localDate, recountDaily } from '../../analytics/reference.ts';
import { recountRetention } from '../../analytics/retention-reference.ts';
import { callWhenFree } from '../../support/call-when-free.ts';
import type { Target } from './load.ts';
import type { Sent } from './sent.ts';

/** The time zone of the app: one whose days are not those of UTC. */
export const TIMEZONE = 'Asia/Kathmandu';

/** The app, and the range of days that all events are in. */
export type Scope = { appId: string; start: string; end: string };

/**
 * Checks the events right after a start: those that were acknowledged are stored once and unchanged, in every field that the export has.
 * Nothing is stored that was not sent, and nothing of people who were erased.
 */
export async function requireStored(target: Target, { appId }: Scope, sent: Sent): Promise<void> {
  const { text, status } = await callWhenFree(target.api, 'GET', `/v1/events/export?app_id=${appId}`, target);
  assert.equal(status, 200, text);
  const stored = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EventJson);
  const ids = new Set(stored.map(({ event_id }) => event_id));
  assert.equal(ids.size, stored.length, 'each event is stored once');
  for (const id of sent.acknowledged.keys()) {
    // A person who is being erased may be erased already.
    const { app_user_id = '' } = sent.acknowledged.get(id) ?? {};
    assert.ok(ids.has(id) || sent.erasing.includes(app_user_id), `${id} of ${app_user_id} is lost`);
  }
  for (const event of stored) {
    const { event_id, app_user_id } = event;
    const expected = sent.acknowledged.get(event_id) ?? sent.unknown.get(event_id);
    assert.ok(expected, `${event_id} of ${app_user_id} should not be stored`);
    assert.ok(!sent.erased.has(app_user_id), `${app_user_id} is erased`);
    const { received_at, ...rest } = event;
    assert.ok(
      Date.parse(received_at) > Date.parse(expected.timestamp),
      `${event_id} was received at ${received_at}`,
    );
    assert.deepEqual(rest, toStored(expected));
  }
}

/** Returns the JSON of an event that was sent with a server key, without the time at which it was received. */
function toStored({ receivedAt: _, ...event }: SentEvent): Omit<EventJson, 'received_at'> {
  // `other` is the platform of events that name none.
  const { properties = {}, context = { platform: 'other' }, session_id = null } = event;
  const { revenue, currency = null } = properties;
  return {
    ...{ ...event, session_id, properties, context, currency },
    revenue: revenue === undefined ? null : toDecimal(String(revenue)),
    revenue_verified: revenue === undefined ? null : true,
  };
}

/** Returns a decimal without redundant zeros, as the export writes it. */
const toDecimal = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/** Checks that daily metrics, unique users and retention are those of a plain count of the events that must be stored. */
export async function requireMetrics(target: Target, scope: Scope, sent: Sent): Promise<void> {
  const { start, end } = scope;
  const { events } = readPersons([...sent.acknowledged.values()]);
  const zone = { timezone: TIMEZONE, start, end };
  const ask = async (path: string) => {
    const query = `app_id=${scope.appId}&start=${start}&end=${end}`;
    const { status, body, text } = await callWhenFree(
      target.api,
      'GET',
      `/v1/analytics/${path}${query}`,
      target,
    );
    assert.equal(status, 200, text);
    return body;
  };
  const days = recountDaily(events, { ...zone, currency: 'USD' });
  assert.deepEqual((await ask('daily?')).data, days, 'daily');
  const [range] = (await ask('users?interval=range&')).data;
  const counts = {
    users: new Set(events.map(({ app_user_id }) => app_user_id)).size,
    new_users: days.reduce((sum, { new_users }) => sum + new_users, 0),
  };
  assert.deepEqual({ users: range.users, new_users: range.new_users }, counts, 'unique users');
  const retention = await ask('retention?interval=day&periods=7&');
  const nowMs = Date.parse(retention.meta.generated_at);
  const query = { ...zone, interval: 'day', periods: 7, return: 'on' } as const;
  assert.deepEqual(retention.data, recountRetention(events, query, { nowMs }), 'retention');
}

/** Returns the range of the days that events are dated on. */
export function rangeOf(appId: string, days: number, endMs: number): Scope {
  const [start = '', end = ''] = [endMs - days * 86_400_000, endMs].map((at) => localDate(TIMEZONE, at));
  assert.ok(listDates(start, end).length >= days);
  return { appId, start, end };
}
