import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EventRecord } from '../../api/answers.ts';
import { describeEvent } from './describe-event.ts';
import { formatDuration, groupBySession, groupSeconds } from './timeline-groups.ts';

const START_MS = Date.parse('2026-11-22T10:00:00.000Z');

function makeEvent(seconds: number, fields: Partial<EventRecord> = {}): EventRecord {
  const timestamp = new Date(START_MS + seconds * 1_000).toISOString();
  return {
    app_id: 'app_1',
    event_id: `e${seconds}`,
    event_name: 'screen_view',
    app_user_id: 'user_123',
    session_id: 's1',
    timestamp,
    received_at: timestamp,
    properties: {},
    context: {},
    revenue: null,
    currency: null,
    revenue_verified: false,
    ...fields,
  };
}

it('groups neighboring events of a session, newest first, and keeps the order of alternating sessions', () => {
  const events = [
    makeEvent(90),
    makeEvent(60),
    makeEvent(50, { session_id: 's2' }),
    makeEvent(40),
    makeEvent(30, { app_id: 'app_2' }),
    makeEvent(20, { session_id: null }),
    makeEvent(10, { session_id: null }),
  ];
  const groups = groupBySession(events);
  assert.deepEqual(
    groups.map(({ appId, sessionId, events: { length } }) => [appId, sessionId, length]),
    [
      ['app_1', 's1', 2],
      ['app_1', 's2', 1],
      ['app_1', 's1', 1],
      ['app_2', 's1', 1],
      ['app_1', null, 2],
    ],
  );
  assert.deepEqual(
    groups.flatMap((group) => group.events),
    events,
  );
  assert.equal(new Set(groups.map(({ key }) => key)).size, groups.length);
  assert.deepEqual(groups.map(groupSeconds), [30, 0, 0, 0, 10]);
});

it('keeps the key of a group when older events of it are loaded', () => {
  const [newest, ...older] = [makeEvent(90), makeEvent(60)];
  assert.equal(groupBySession([newest, ...older])[0]?.key, groupBySession([newest])[0]?.key);
  assert.deepEqual(groupBySession([]), []);
});

it('shows durations in the two largest units, rounded down', () => {
  const shown = [0, 59, 60, 119, 3_599, 3_600, 3_659, 3_660, 90_000].map(formatDuration);
  assert.deepEqual(shown, ['0 s', '59 s', '1 min', '1 min', '59 min', '1 h', '1 h', '1 h 1 min', '25 h']);
});

it('describes events by their properties, and reserved ones by what they changed', () => {
  const describe = (event_name: string, properties: Record<string, unknown>) =>
    describeEvent(makeEvent(0, { event_name, properties }));
  assert.equal(describe('purchase', { product_id: 'pro' }), 'product_id: pro');
  assert.equal(describe('$session_start', {}), '');
  assert.equal(
    describe('$set', { $set: { plan: 'pro' }, $set_once: { source: 'ad' } }),
    'source: ad · plan: pro',
  );
  assert.equal(describe('$identify', { anonymous_id: 'anon_1' }), 'linked anon_1');
  assert.equal(
    describe('$identify', { anonymous_id: 'anon_1', $set: { plan: 'pro' } }),
    'linked anon_1 · plan: pro',
  );
  assert.equal(describe('$identify', { anonymous_id: 7, $set: ['x'] }), '');
});
