import assert from 'node:assert/strict';
import type { Api } from '../support/harness.ts';

const NOW_MS = Date.now();

/** An ID with everything that a path must encode. */
export const STRANGE_ID = 'a/b%2F?#é 100% 漢字';

/** One event, dated some minutes before the test began. */
type Sent = {
  name: string;
  user: string;
  minutesAgo: number;
  session?: string;
  properties?: object;
  country?: string;
};

const SALE = { revenue: '9.99', currency: 'USD' };

let sent = 0;

function toEvent({ name, user, minutesAgo, session, properties = {}, country = 'DE' }: Sent) {
  sent += 1;
  return {
    event_id: `event_${sent}`,
    event_name: name,
    app_user_id: user,
    timestamp: new Date(NOW_MS - minutesAgo * 60_000).toISOString(),
    properties,
    context: { platform: 'ios', country, app_version: '2.4.0' },
    ...(session !== undefined && { session_id: session }),
  };
}

/** Sends events to an app, which must accept all of them. */
export async function sendUserEvents(
  api: Api & { project: { app_id: string; server_key: string } },
  events: readonly Sent[],
): Promise<void> {
  const { app_id, server_key } = api.project;
  const body = { app_id, events: events.map(toEvent) };
  const answer = await api.call('POST', '/v1/events', { key: server_key, body });
  assert.equal(answer.body.accepted, events.length, answer.text);
}

/** A person with two IDs, a conflict, an ID that must be encoded, many users and a long session. */
export const USER_EVENTS: readonly Sent[] = [
  { name: 'app_open', user: 'anon_1', minutesAgo: 500, session: 's1', country: 'FR' },
  {
    name: '$identify',
    user: 'alice',
    minutesAgo: 499,
    session: 's1',
    properties: { anonymous_id: 'anon_1', $set: { plan: 'pro' } },
  },
  { name: 'purchase', user: 'alice', minutesAgo: 495, session: 's1', properties: SALE },
  { name: 'screen_view', user: 'alice', minutesAgo: 100, session: 's2', properties: { screen: 'home' } },
  // The device was given to another person: no effect, but counted.
  { name: '$identify', user: 'bob', minutesAgo: 60, properties: { anonymous_id: 'anon_1' } },
  { name: 'app_open', user: STRANGE_ID, minutesAgo: 50, country: 'JP' },
  ...Array.from({ length: 60 }, (_, index) => ({
    name: 'app_open',
    user: `many_${index}`,
    minutesAgo: 1_000 + index,
  })),
  ...Array.from({ length: 120 }, (_, index) => ({
    name: 'tick',
    user: 'busy',
    minutesAgo: 2_000 + index,
    session: 'long',
  })),
];
