import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { HOUR_MS } from '../lib/durations.ts';
import { type HourRow, OTHER_SOURCES, type PeriodCounts, sumByPeriod } from './period-sums.ts';

const ROWS_MAX = 40;
const row = (key_id: string, hour: number, outcome: string, count: number): HourRow => ({
  ...{ project_id: 'proj_1', app_id: '', sdk_id: 'appflow', sdk: 'ios', key_id, hour: hour * HOUR_MS },
  ...{ outcome, code: outcome === 'rejected' ? 'invalid_event' : '', count },
});

/** The sums of rows that are read by hour, like those of the database. */
async function sum(rows: readonly HourRow[]): Promise<PeriodCounts[]> {
  const ordered = rows.toSorted((one, other) => one.hour - other.hour);
  const sums = await sumByPeriod(
    async (add) => {
      ordered.forEach(add);
      return true;
    },
    HOUR_MS,
    ROWS_MAX,
  );
  return sums ?? [];
}

it('never lists more rows than allowed, and always the same totals per period', async () => {
  const drawn = fc.record({
    key: fc.integer({ min: 0, max: 60 }),
    hour: fc.integer({ min: 0, max: 11 }),
    outcome: fc.constantFrom('accepted', 'rejected'),
    count: fc.integer({ min: 1, max: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(drawn, { minLength: 60, maxLength: 400 }), async (all) => {
      const listed = await sum(
        all.map(({ key, hour, outcome, count }) => row(`key_${key}`, hour, outcome, count)),
      );
      assert.ok(listed.length <= ROWS_MAX);
      const totalOf = (hour: number, outcome: string) =>
        all
          .filter((one) => one.hour === hour && one.outcome === outcome)
          .reduce((sum, { count }) => sum + count, 0);
      for (let hour = 0; hour < 12; hour += 1) {
        const own = listed.filter((one) => one.hour === hour * HOUR_MS);
        const total = (of: (one: PeriodCounts) => number) => own.reduce((before, one) => before + of(one), 0);
        assert.equal(
          total(({ accepted }) => accepted),
          totalOf(hour, 'accepted'),
        );
        assert.equal(
          total(({ rejected }) => rejected),
          totalOf(hour, 'rejected'),
        );
        assert.equal(
          total(({ reasons }) => reasons.invalid_event ?? 0),
          totalOf(hour, 'rejected'),
        );
      }
    }),
  );
});

const hoursOf = (listed: readonly PeriodCounts[], keyId: string) =>
  listed.filter((one) => one.keyId === keyId).map(({ hour }) => hour / HOUR_MS);

const manyKeys = (hour: number) =>
  Array.from({ length: 45 }, (_, index) => row(`key_${index}`, hour, 'accepted', 1 + index));

it('lists a key with all of its counts or not at all, and keeps those with problems', async () => {
  const broken = [row('key_broken', 0, 'rejected', 1), row('key_broken', 1, 'accepted', 1)];
  const listed = await sum([...manyKeys(0), ...manyKeys(1), ...broken]);
  assert.deepEqual(hoursOf(listed, 'key_broken'), [0, 1]);
  assert.deepEqual(hoursOf(listed, 'key_44'), [0, 1]);
  assert.deepEqual(hoursOf(listed, 'key_0'), []);
  assert.deepEqual(hoursOf(listed, OTHER_SOURCES), [0, 1]);
});

for (const outcome of ['rejected', 'refused', 'link_conflict']) {
  it(`keeps a key whose only problem (${outcome}) is in the last hour of many`, async () => {
    const listed = await sum([...[0, 1, 2].flatMap(manyKeys), row('key_0', 3, outcome, 1)]);
    assert.deepEqual(hoursOf(listed, 'key_0'), [0, 1, 2, 3]);
    const last = listed.find((one) => one.keyId === 'key_0' && one.hour === 3 * HOUR_MS);
    assert.equal((last?.rejected ?? 0) + (last?.refused ?? 0) + (last?.link_conflicts ?? 0), 1);
  });
}

it('keeps the keys with the most events in the whole range, up to half of the rows', async () => {
  const last = Array.from({ length: 25 }, (_, index) => row(`key_late_${index}`, 1, 'accepted', 100 + index));
  const listed = await sum([...manyKeys(0), ...last]);
  const kept = listed.map(({ keyId }) => keyId).filter((keyId) => keyId !== OTHER_SOURCES);
  assert.deepEqual(kept.sort(), Array.from({ length: 20 }, (_, index) => `key_late_${5 + index}`).sort());
  assert.deepEqual(hoursOf(listed, OTHER_SOURCES), [0, 1]);
});

it('adds up every key alone while there are few enough', async () => {
  const rowsOf = (keys: number) =>
    Array.from({ length: keys }, (_, key) => row(`key_${key}`, 0, 'accepted', 1));
  const exactly = await sum(rowsOf(ROWS_MAX));
  assert.equal(exactly.length, ROWS_MAX);
  assert.deepEqual(hoursOf(exactly, OTHER_SOURCES), []);
  const more = await sum(rowsOf(ROWS_MAX + 1));
  assert.deepEqual([more.length, hoursOf(more, OTHER_SOURCES)], [ROWS_MAX / 2 + 1, [0]]);
});

it('returns nothing if there are too many rows to read, the first or the second time', async () => {
  const rows = manyKeys(0);
  for (const failing of [1, 2]) {
    let reads = 0;
    const readRows = async (add: (row: HourRow) => void) => {
      reads += 1;
      rows.forEach(add);
      return reads !== failing;
    };
    assert.equal(await sumByPeriod(readRows, HOUR_MS, ROWS_MAX), undefined);
  }
});
