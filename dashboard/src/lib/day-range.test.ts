import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addDays,
  countDays,
  dayAt,
  isDay,
  isTimeZone,
  parseWantedDays,
  resolveDays,
  startOfDay,
  writeWantedDays,
} from './day-range.ts';

const iso = (instant: number) => new Date(instant).toISOString();

test('reads the range of a URL and writes it back', () => {
  for (const text of ['1d', '30d', '2000d', '2026-10-01..2026-10-31', '2026-10-01..2026-10-01']) {
    const wanted = parseWantedDays(text);
    assert.ok(wanted, text);
    assert.equal(writeWantedDays(wanted), text);
  }
});

test('takes nothing for a range that is none, or longer than can be compared', () => {
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
    assert.equal(parseWantedDays(text), undefined, String(text));
  }
});

test('the last days include today, across months and leap days', () => {
  assert.deepEqual(resolveDays({ days: 1 }, '2026-03-01'), { first: '2026-03-01', last: '2026-03-01' });
  assert.deepEqual(resolveDays({ days: 2 }, '2028-03-01'), { first: '2028-02-29', last: '2028-03-01' });
  assert.equal(countDays({ first: '2026-03-01', last: '2026-03-31' }), 31);
  assert.equal(addDays('2026-12-31', 1), '2027-01-01');
  assert.equal(isDay('2026-02-29'), false);
  assert.equal(isDay('2028-02-29'), true);
});

test('a day begins where its time zone says, half hours and clock changes included', () => {
  assert.equal(iso(startOfDay('2026-11-23', 'UTC')), '2026-11-23T00:00:00.000Z');
  assert.equal(iso(startOfDay('2026-11-23', 'Asia/Kolkata')), '2026-11-22T18:30:00.000Z');
  // The days of the change and the days after it, both ways.
  assert.equal(iso(startOfDay('2026-03-29', 'Europe/Berlin')), '2026-03-28T23:00:00.000Z');
  assert.equal(iso(startOfDay('2026-03-30', 'Europe/Berlin')), '2026-03-29T22:00:00.000Z');
  assert.equal(iso(startOfDay('2026-10-25', 'Europe/Berlin')), '2026-10-24T22:00:00.000Z');
  assert.equal(iso(startOfDay('2026-10-26', 'Europe/Berlin')), '2026-10-25T23:00:00.000Z');
  // The clock jumped from midnight to one: the day began at one.
  assert.equal(iso(startOfDay('2018-11-04', 'America/Sao_Paulo')), '2018-11-04T03:00:00.000Z');
});

test('the day of an instant is the one on the wall of the time zone', () => {
  const instant = Date.parse('2026-11-23T23:59:59.999Z');
  assert.equal(dayAt('UTC', instant), '2026-11-23');
  assert.equal(dayAt('UTC', instant + 1), '2026-11-24');
  assert.equal(dayAt('Pacific/Kiritimati', instant), '2026-11-24');
  assert.equal(dayAt('America/Los_Angeles', instant), '2026-11-23');
});

test('knows time zones by their names only', () => {
  assert.equal(isTimeZone('Europe/Berlin'), true);
  assert.equal(isTimeZone('Mars/Olympus'), false);
});
