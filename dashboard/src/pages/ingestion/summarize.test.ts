import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS, HOUR_MS } from '../../../../src/lib/durations.ts';
import type { IngestionAnswer, IngestionCounts } from '../../api/answers.ts';
import { findIngestionRange, toIngestionQuery } from './ingestion-range.ts';
import { listReasons, listSources, rejectedShare, sumCounts, toPeriods } from './summarize.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const iso = (instantMs: number) => new Date(instantMs).toISOString();

function rowOf(fields: Partial<IngestionCounts>): IngestionCounts {
  const counts = { accepted: 0, duplicates: 0, rejected: 0, refused: 0, link_conflicts: 0, reasons: {} };
  return { hour: iso(NOON), key_id: 'key_1', sdk_id: 'appflow', sdk: '', ...counts, ...fields };
}

const answerOf = (data: IngestionCounts[], start: number, end: number): IngestionAnswer => ({
  data,
  meta: {
    start: iso(start),
    end: iso(end),
    interval: 'hour',
    timezone: 'UTC',
    kept_days: 90,
    generated_at: iso(end),
  },
});

describe('toPeriods', () => {
  it('has every period of the range, also those without counts', () => {
    const rows = [rowOf({ accepted: 2 }), rowOf({ accepted: 3, key_id: 'key_2' })];
    const periods = toPeriods(answerOf(rows, NOON - HOUR_MS, NOON + 2 * HOUR_MS), HOUR_MS);
    assert.deepEqual(
      periods.map(({ at, accepted }) => [at, accepted]),
      [
        [NOON - HOUR_MS, 0],
        [NOON, 5],
        [NOON + HOUR_MS, 0],
      ],
    );
  });

  it('sums hours into longer periods that start at multiples of their length', () => {
    const rows = [1, 2, 3].map((hours) =>
      rowOf({ hour: iso(NOON + (hours + 3) * HOUR_MS), rejected: hours }),
    );
    const periods = toPeriods(answerOf(rows, NOON + HOUR_MS, NOON + 7 * HOUR_MS), 6 * HOUR_MS);
    assert.deepEqual(
      periods.map(({ at, rejected }) => [at, rejected]),
      [
        [NOON, 3],
        [NOON + 6 * HOUR_MS, 3],
      ],
    );
    assert.equal(toPeriods(answerOf([], NOON, NOON + 1), DAY_MS).length, 1);
  });
});

describe('sums', () => {
  const rows = [
    rowOf({ accepted: 90, rejected: 10, reasons: { invalid_event: 10 } }),
    rowOf({ sdk: 'a/1', accepted: 1, duplicates: 1, refused: 3, reasons: { rate_limited: 3 } }),
    rowOf({ hour: iso(NOON + HOUR_MS), sdk: 'a/1', rejected: 20, reasons: { invalid_event: 20 } }),
    rowOf({ key_id: 'key_2', sdk_id: 'posthog', refused: 1, reasons: { rate_limited: 1 } }),
    rowOf({ key_id: 'key_2', sdk_id: 'segment', refused: 2, reasons: { rate_limited: 2 } }),
  ];

  it('cover events and requests of all rows', () => {
    assert.deepEqual(sumCounts(rows), { accepted: 91, duplicates: 1, rejected: 30, refused: 6 });
    assert.equal(rejectedShare(sumCounts(rows)), 30 / 122);
    assert.equal(rejectedShare(rowOf({ refused: 2 })), undefined);
  });

  it('are listed per key and SDK, those with the most rejected events first', () => {
    assert.deepEqual(
      listSources(rows).map(({ keyId, sdkId, sdk, rejected, reasons }) => [
        ...[keyId, sdkId, sdk],
        ...[rejected, reasons],
      ]),
      [
        ['key_1', 'appflow', 'a/1', 20, ['invalid_event', 'rate_limited']],
        ['key_1', 'appflow', '', 10, ['invalid_event']],
        ['key_2', 'segment', '', 0, ['rate_limited']],
        ['key_2', 'posthog', '', 0, ['rate_limited']],
      ],
    );
  });

  it('are listed per reason, the most frequent first', () => {
    assert.deepEqual(listReasons(rows), [
      { code: 'invalid_event', count: 30 },
      { code: 'rate_limited', count: 6 },
    ]);
  });
});

describe('the range of a URL', () => {
  it('is 24 hours unless it is another one on offer, as of the time of the query', () => {
    const queryOf = (range: string | undefined) =>
      toIngestionQuery(findIngestionRange(range), { sdk_id: 'posthog' }, NOON);
    assert.deepEqual(queryOf(undefined), { sdk_id: 'posthog' });
    assert.deepEqual(queryOf('1y'), queryOf('24h'));
    assert.deepEqual(queryOf('7d'), { sdk_id: 'posthog', start: iso(NOON - 7 * DAY_MS) });
    assert.deepEqual(queryOf('30d'), { sdk_id: 'posthog', start: '2026-10-24', interval: 'day' });
  });
});
