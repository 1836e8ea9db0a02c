import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTimestamp } from './timestamp.ts';

const pad = (value: number, length = 2) => String(value).padStart(length, '0');

/** An independent parser: sets a Date field by field, and detects an impossible day by the date it becomes. */
function referenceMs(year: number, month: number, day: number, hour: number, minute: number, second: number) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return hour > 23 || minute > 59 || second > 59 ? undefined : date.setUTCHours(hour, minute, second);
}

const field = (max: number) => fc.integer({ min: 0, max });

test('agrees with a calendar on every date, time, fraction and offset', () => {
  fc.assert(
    fc.property(
      fc.tuple(field(9999), field(14), field(33), field(25), field(62), field(59)),
      fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 12 }),
      fc.option(fc.tuple(fc.constantFrom('+', '-'), field(25), field(62))),
      fc.constantFrom('T', 't'),
      ([year, month, day, hour, minute, second], fraction, offset, separator) => {
        const zone = offset === null ? 'Z' : `${offset[0]}${pad(offset[1])}:${pad(offset[2])}`;
        const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}${separator}${pad(hour)}:${pad(minute)}:${pad(second)}${fraction && `.${fraction}`}${zone}`;
        const local = referenceMs(year, month, day, hour, minute, second);
        const isOffsetReal = offset === null || (offset[1] <= 23 && offset[2] <= 59);
        const offsetMs =
          offset === null ? 0 : Number(`${offset[0]}1`) * (offset[1] * 60 + offset[2]) * 60_000;
        const fractionMs = Number(fraction.padEnd(3, '0').slice(0, 3));
        const expected = local === undefined || !isOffsetReal ? undefined : local - offsetMs + fractionMs;
        assert.equal(parseTimestamp(text), expected, text);
      },
    ),
    { numRuns: 5_000 },
  );
});

test('parses every time that Date formats', () => {
  fc.assert(
    fc.property(
      fc.date({
        min: new Date('0000-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
      (date) => assert.equal(parseTimestamp(date.toISOString()), date.getTime()),
    ),
    { numRuns: 2_000 },
  );
});

test('knows the days of every month, leap years by the century rule included', () => {
  for (const year of [1900, 2000, 2023, 2024, 2100]) {
    for (let month = 1; month <= 12; month += 1) {
      const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
      const at = (day: number) => parseTimestamp(`${year}-${pad(month)}-${pad(day)}T00:00:00Z`);
      assert.equal(at(last), Date.UTC(year, month - 1, last));
      assert.equal(at(last + 1), undefined, `${year}-${month}-${last + 1}`);
      assert.equal(at(0), undefined);
    }
  }
});

for (const [text, expected] of [
  ['2026-11-22T10:00:00Z', '2026-11-22T10:00:00.000Z'],
  ['2026-11-22t10:00:00z', '2026-11-22T10:00:00.000Z'],
  ['2026-11-22T10:00:00.5Z', '2026-11-22T10:00:00.500Z'],
  ['2026-11-22T10:00:00.123999999999Z', '2026-11-22T10:00:00.123Z'],
  ['2026-11-22T10:00:00+05:30', '2026-11-22T04:30:00.000Z'],
  ['2026-11-22T10:00:00.25-08:00', '2026-11-22T18:00:00.250Z'],
  ['2026-11-22T10:00:00-00:00', '2026-11-22T10:00:00.000Z'],
  ['2026-01-01T00:00:00+23:59', '2025-12-31T00:01:00.000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.999Z'],
  ['2016-12-31T23:59:60.7Z', '2016-12-31T23:59:59.999Z'],
  ['2016-12-31T15:59:60-08:00', '2016-12-31T23:59:59.999Z'],
  ['1960-12-31T23:59:60Z', '1960-12-31T23:59:59.999Z'],
] as const) {
  test(`parses ${text} as ${expected}`, () => {
    const ms = parseTimestamp(text);
    assert.equal(ms === undefined ? ms : new Date(ms).toISOString(), expected);
  });
}

for (const text of [
  '',
  '2026-11-22',
  '2026-11-22T10:00:00',
  '2026-11-22 10:00:00Z',
  '2026-11-22T10:00Z',
  '2026-11-22T10:00:00.Z',
  '2026-11-22T10:00:00,5Z',
  '2026-11-22T10:00:00+0530',
  '2026-11-22T10:00:00+5:30',
  '2026-11-22T10:00:00+24:00',
  '2026-11-22T10:00:00+05:60',
  '2026-11-22T24:00:00Z',
  '2026-11-22T10:60:00Z',
  '2026-11-22T10:00:61Z',
  '2026-11-22T10:00:60Z',
  '2016-12-31T23:59:60-08:00',
  '2026-02-30T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-13-10T00:00:00Z',
  '+02026-11-22T10:00:00Z',
  '-2026-11-22T10:00:00Z',
  '12026-11-22T10:00:00Z',
  ' 2026-11-22T10:00:00Z',
  '2026-11-22T10:00:00Z\n',
  '２026-11-22T10:00:00Z',
  'Sun, 22 Nov 2026 10:00:00 GMT',
  '1795341600000',
]) {
  test(`rejects ${JSON.stringify(text)}`, () => assert.equal(parseTimestamp(text), undefined));
}

test('takes a number as epoch milliseconds and cuts its fraction', () => {
  assert.equal(parseTimestamp(1_795_341_600_000), 1_795_341_600_000);
  assert.equal(parseTimestamp(1_795_341_600_000.9), 1_795_341_600_000);
  assert.equal(parseTimestamp(-1.9), -1);
  assert.ok(Object.is(parseTimestamp(-0.5), 0));
});

test('rejects numbers beyond the range of dates, and what is neither text nor number', () => {
  assert.equal(parseTimestamp(8.64e15), 8.64e15);
  assert.equal(parseTimestamp(-8.64e15), -8.64e15);
  const others = [
    8.64e15 + 1,
    -8.64e15 - 1,
    Number.NaN,
    Infinity,
    -Infinity,
    null,
    undefined,
    true,
    [],
    {},
    1n,
  ];
  for (const value of others) assert.equal(parseTimestamp(value), undefined);
});
