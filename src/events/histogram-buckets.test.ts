import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listBucketStarts } from './histogram-buckets.ts';

const starts = (interval: 'hour' | 'day', timezone: string, from: string, to: string) =>
  listBucketStarts(interval, timezone, Date.parse(from), Date.parse(to)).map((ms) =>
    new Date(ms).toISOString().slice(0, 16),
  );

it('covers a range with the days of a time zone, of 23 and 25 hours too', () => {
  assert.deepEqual(starts('day', 'UTC', '2026-11-20T12:00:00Z', '2026-11-22T00:00:00Z'), [
    '2026-11-20T00:00',
    '2026-11-21T00:00',
  ]);
  assert.deepEqual(starts('day', 'UTC', '2026-11-20T00:00:00Z', '2026-11-21T00:00:00.001Z'), [
    '2026-11-20T00:00',
    '2026-11-21T00:00',
  ]);
  assert.deepEqual(starts('day', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z'), [
    '2026-03-27T23:00',
    '2026-03-28T23:00',
    '2026-03-29T22:00',
  ]);
  assert.deepEqual(starts('day', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00.001Z'), [
    '2026-10-24T22:00',
    '2026-10-25T23:00',
  ]);
});

it('begins a day whose midnight is skipped when the clock changes', () => {
  assert.deepEqual(starts('day', 'America/Santiago', '2026-09-06T12:00:00Z', '2026-09-06T13:00:00Z'), [
    '2026-09-06T04:00',
  ]);
});

it('covers a range with the hours of a time zone, also of one that is no whole hours from UTC', () => {
  assert.deepEqual(starts('hour', 'UTC', '2026-11-20T12:30:00Z', '2026-11-20T14:00:00Z'), [
    '2026-11-20T12:00',
    '2026-11-20T13:00',
  ]);
  assert.deepEqual(starts('hour', 'Asia/Kathmandu', '2026-11-20T12:10:00Z', '2026-11-20T13:15:00Z'), [
    '2026-11-20T11:15',
    '2026-11-20T12:15',
  ]);
  assert.deepEqual(starts('hour', 'America/St_Johns', '2026-11-20T12:10:00Z', '2026-11-20T12:20:00Z'), [
    '2026-11-20T11:30',
  ]);
});
