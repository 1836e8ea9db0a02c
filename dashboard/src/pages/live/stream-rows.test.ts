import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventRecord } from '../../api/answers.ts';
import { NO_ROWS, ROWS_MAX, reduceRows, type StreamAction, type StreamRows } from './stream-rows.ts';

const eventOf = (id: number): EventRecord => ({
  event_id: String(id),
  app_id: 'app_1',
  event_name: 'opened',
  app_user_id: 'u',
  session_id: null,
  timestamp: '2026-11-23T08:00:00.000Z',
  received_at: '2026-11-23T08:00:00.000Z',
  properties: {},
  context: {},
  revenue: null,
  currency: null,
  revenue_verified: null,
});

const arrived = (...ids: number[]): StreamAction => ({ type: 'arrived', events: ids.map(eventOf) });
const after = (...actions: StreamAction[]): StreamRows => actions.reduce(reduceRows, NO_ROWS);
const idsOf = (rows: StreamRows['shown']) =>
  rows.map((row) => (row.kind === 'event' ? row.event.event_id : `gap of ${row.missed}`));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test('shows the newest event first', () => {
  assert.deepEqual(idsOf(after(arrived(1, 2), arrived(3)).shown), ['3', '2', '1']);
});

test('shows a repeated event once, within a batch and across batches', () => {
  assert.deepEqual(idsOf(after(arrived(1, 2, 2), arrived(2, 3)).shown), ['3', '2', '1']);
  const paused = after(arrived(1), { type: 'paused' }, arrived(1, 2), arrived(2));
  assert.deepEqual(idsOf(paused.buffered), ['2']);
  assert.equal(paused.bufferedCount, 1);
});

test('keeps at most 200 rows', () => {
  assert.equal(after(arrived(...upTo(ROWS_MAX))).shown.length, 200);
  const more = after(arrived(...upTo(ROWS_MAX + 1)));
  assert.equal(more.shown.length, 200);
  assert.deepEqual(idsOf(more.shown).at(-1), '1');
});

test('does not change a paused list, counts new events, and shows them when resumed', () => {
  const paused = after(arrived(1), { type: 'paused' }, arrived(2), arrived(3));
  assert.deepEqual(idsOf(paused.shown), ['1']);
  assert.equal(paused.bufferedCount, 2);
  const resumed = reduceRows(paused, { type: 'resumed' });
  assert.deepEqual(idsOf(resumed.shown), ['3', '2', '1']);
  assert.deepEqual([resumed.bufferedCount, resumed.buffered.length, resumed.isPaused], [0, 0, false]);
});

test('counts all events of a long pause and buffers 200', () => {
  const paused = after({ type: 'paused' }, arrived(...upTo(150)), arrived(...upTo(300).slice(150)));
  assert.deepEqual([paused.buffered.length, paused.bufferedCount], [200, 300]);
});

test('shows where events are missing, also of unknown count and while paused', () => {
  const rows = after(arrived(1), { type: 'missed', count: 1_234 }, arrived(2), {
    type: 'missed',
    count: undefined,
  });
  assert.deepEqual(idsOf(rows.shown), ['gap of undefined', '2', 'gap of 1234', '1']);
  assert.equal(new Set(rows.shown.map(({ id }) => id)).size, 4);
  const paused = after({ type: 'paused' }, { type: 'missed', count: 3 }, arrived(1));
  assert.deepEqual([idsOf(paused.buffered), paused.bufferedCount], [['1', 'gap of 3'], 1]);
});
