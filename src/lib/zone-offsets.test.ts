import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDay } from './calendar.ts';
import { DAY_MS, HOUR_MS } from './durations.ts';
import { dayAt, listOffsets, toUtcMs } from './zone-offsets.ts';

const YEAR_2000 = Date.UTC(2000, 0, 1) / DAY_MS;
const YEAR_2040 = Date.UTC(2040, 0, 1) / DAY_MS;

/** The local date in a time zone, from its formatted parts instead of its offset. */
function localDate(timezone: string, atMs: number): string {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const [month, day, year] = format.format(atMs).split('/');
  return `${year}-${month}-${day}`;
}

test('offsets change at the exact millisecond of the clock change', () => {
  const range = { first: Date.UTC(2010, 10, 7) / DAY_MS, last: Date.UTC(2010, 10, 7) / DAY_MS };
  const [before, after, ...more] = listOffsets('America/St_Johns', range);
  assert.deepEqual(before?.offsetMs, -2.5 * HOUR_MS);
  assert.deepEqual(after, { fromMs: Date.parse('2010-11-07T02:31:00Z'), offsetMs: -3.5 * HOUR_MS });
  assert.deepEqual(more, []);
});

test('a zone without daylight saving time has one offset, and UTC has 0', () => {
  const range = { first: YEAR_2000, last: YEAR_2000 + 3_999 };
  assert.deepEqual(
    listOffsets('Asia/Kathmandu', range).map(({ offsetMs }) => offsetMs),
    [5.75 * HOUR_MS],
  );
  assert.deepEqual(
    listOffsets('UTC', range).map(({ offsetMs }) => offsetMs),
    [0],
  );
});

test('reads offsets with seconds, as used before standard time', () => {
  const [first] = listOffsets('America/St_Johns', { first: -50_000, last: -50_000 });
  assert.equal(first?.offsetMs, -(3 * HOUR_MS + 30 * 60_000 + 52_000));
});

test('the offsets of any range give the local date of any instant in it, in every zone', () => {
  const instant = fc.record({
    timezone: fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
    first: fc.integer({ min: YEAR_2000, max: YEAR_2040 }),
    days: fc.integer({ min: 1, max: 400 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(instant, ({ timezone, first, days, part }) => {
      const atMs = Math.floor((first + days * part) * DAY_MS);
      const offsets = listOffsets(timezone, { first, last: first + days - 1 });
      const offset = offsets.findLast(({ fromMs }) => fromMs <= atMs);
      const expected = localDate(timezone, atMs);
      assert.equal(formatDay(Math.floor((atMs + (offset?.offsetMs ?? Number.NaN)) / DAY_MS)), expected);
      assert.equal(formatDay(dayAt(timezone, atMs)), expected);
    }),
    { numRuns: 300 },
  );
});

test('finds both sides of every clock change since 2000 in every zone', () => {
  for (const timezone of Intl.supportedValuesOf('timeZone')) {
    const offsets = listOffsets(timezone, { first: YEAR_2000, last: YEAR_2000 + 3_999 });
    for (const { fromMs, offsetMs } of offsets.slice(1)) {
      const shown = localDate(timezone, fromMs);
      assert.equal(formatDay(Math.floor((fromMs + offsetMs) / DAY_MS)), shown, timezone);
    }
    const neighbours = offsets.slice(1).map(({ offsetMs }, index) => [offsets[index]?.offsetMs, offsetMs]);
    assert.ok(
      neighbours.every(([before, after]) => before !== after),
      timezone,
    );
  }
});

for (const [timezone, local, utc] of [
  ['America/Los_Angeles', '2024-11-03T00:59:59Z', '2024-11-03T07:59:59.000Z'],
  ['America/Los_Angeles', '2024-11-03T01:30:00Z', '2024-11-03T09:30:00.000Z'],
  ['America/Los_Angeles', '2024-11-03T02:00:00Z', '2024-11-03T10:00:00.000Z'],
  ['Europe/Berlin', '2024-10-27T01:59:59Z', '2024-10-26T23:59:59.000Z'],
  ['Europe/Berlin', '2024-10-27T02:30:00Z', '2024-10-27T01:30:00.000Z'],
  ['Europe/Berlin', '2024-10-27T03:00:00Z', '2024-10-27T02:00:00.000Z'],
  ['America/Los_Angeles', '2024-03-10T01:59:59Z', '2024-03-10T09:59:59.000Z'],
  ['America/Los_Angeles', '2024-03-10T02:30:00Z', '2024-03-10T10:30:00.000Z'],
  ['America/Los_Angeles', '2024-03-10T03:00:00Z', '2024-03-10T10:00:00.000Z'],
  ['Asia/Kathmandu', '2024-05-05T12:00:00Z', '2024-05-05T06:15:00.000Z'],
] as const)
  test(`a local time is read in its zone, the second time it occurs: ${local.slice(0, -1)} in ${timezone}`, () => {
    assert.equal(new Date(toUtcMs(timezone, Date.parse(local))).toISOString(), utc);
  });
