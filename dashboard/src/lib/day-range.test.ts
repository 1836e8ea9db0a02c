import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addDays,
  countDays,
  dayAt,
  formatDaySelection,
  isDay,
  isTimeZone,
  parseDaySelection,
  resolveDays,
  startOfDay,
  startOfWeek,
} from './day-range.ts';

const iso = (instant: number) => new Date(instant).toISOString();

test('parses the range of a URL and formats it again', () => {
  for (const text of ['1d', '30d', '2000d', '2026-10-01..2026-10-31', '2026-10-01..2026-10-01']) {
    const wanted = parseDaySelection(text);
    assert.ok(wanted, text);
    assert.equal(formatDaySelection(wanted), text);
  }
});

test('rejects ranges that are invalid or too long to be compared', () => {
  const wrong = [
    '',
    '0d',
    '2001d',
    '-1d',
    '7',
    '7 d',
    'x',
    '2026-10-02..2026-10-01',
    '2026-02-30..2026-03-01',
  ];
  for (const text of [
    undefined,
    ...wrong,
    '2026-10-01',
    '2026-10-01..',
    '2020-01-01..2026-01-01',
    'a..b..c',
  ]) {
    assert.equal(parseDaySelection(text), undefined, String(text));
  }
});

test('includes today in the last days, across months and leap days', () => {
  assert.deepEqual(resolveDays({ days: 1 }, '2026-03-01'), { first: '2026-03-01', last: '2026-03-01' });
  assert.deepEqual(resolveDays({ days: 2 }, '2028-03-01'), { first: '2028-02-29', last: '2028-03-01' });
  assert.equal(countDays({ first: '2026-03-01', last: '2026-03-31' }), 31);
  assert.equal(addDays('2026-12-31', 1), '2027-01-01');
  assert.equal(isDay('2026-02-29'), false);
  assert.equal(isDay('2028-02-29'), true);
});

test('finds the start of a day in a time zone, with half-hour offsets and clock changes', () => {
  assert.equal(iso(startOfDay('2026-11-23', 'UTC')), '2026-11-23T00:00:00.000Z');
  assert.equal(iso(startOfDay('2026-11-23', 'Asia/Kolkata')), '2026-11-22T18:30:00.000Z');
  // The days of the clock change and the days after it, in both directions.
  assert.equal(iso(startOfDay('2026-03-29', 'Europe/Berlin')), '2026-03-28T23:00:00.000Z');
  assert.equal(iso(startOfDay('2026-03-30', 'Europe/Berlin')), '2026-03-29T22:00:00.000Z');
  assert.equal(iso(startOfDay('2026-10-25', 'Europe/Berlin')), '2026-10-24T22:00:00.000Z');
  assert.equal(iso(startOfDay('2026-10-26', 'Europe/Berlin')), '2026-10-25T23:00:00.000Z');
  // The clock jumped from midnight to one, so the day began at one.
  assert.equal(iso(startOfDay('2018-11-04', 'America/Sao_Paulo')), '2018-11-04T03:00:00.000Z');
});

test('returns the local day of an instant in the time zone', () => {
  const instant = Date.parse('2026-11-23T23:59:59.999Z');
  assert.equal(dayAt('UTC', instant), '2026-11-23');
  assert.equal(dayAt('UTC', instant + 1), '2026-11-24');
  assert.equal(dayAt('Pacific/Kiritimati', instant), '2026-11-24');
  assert.equal(dayAt('America/Los_Angeles', instant), '2026-11-23');
});

test('accepts time zones by name only', () => {
  assert.equal(isTimeZone('Europe/Berlin'), true);
  assert.equal(isTimeZone('Mars/Olympus'), false);
});

test('resolves named days as of today', () => {
  const range = (text: string, today: string) => {
    const selection = parseDaySelection(text);
    assert.ok(selection);
    assert.equal(formatDaySelection(selection), text);
    const { first, last } = resolveDays(selection, today);
    return [first, last];
  };
  assert.deepEqual(range('yesterday', '2026-03-01'), ['2026-02-28', '2026-02-28']);
  assert.deepEqual(range('mtd', '2026-03-01'), ['2026-03-01', '2026-03-01']);
  assert.deepEqual(range('mtd', '2026-03-31'), ['2026-03-01', '2026-03-31']);
  assert.deepEqual(range('12m', '2026-03-31'), ['2025-04-01', '2026-03-31']);
  assert.deepEqual(range('12m', '2024-12-01'), ['2024-01-01', '2024-12-01']);
  assert.equal(parseDaySelection('toString'), undefined);
});

test('starts weeks on Monday', () => {
  assert.equal(startOfWeek('2026-11-23'), '2026-11-23');
  assert.equal(startOfWeek('2026-11-29'), '2026-11-23');
  assert.equal(startOfWeek('2026-11-01'), '2026-10-26');
});
