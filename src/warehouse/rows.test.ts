import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventRow, makeLogFolder, useTestGateway } from '../../test/support/warehouse-store.ts';
import { createBlockStore } from './block-store.ts';
import { EVENT_COLUMNS, EVENT_MS_MAX, EVENT_MS_MIN, requireReadable } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { rowFileIn } from './log/row-file.ts';
import { encodeBlock } from './logged-block.ts';
import { decodeRows } from './rows/decode-rows.ts';
import { encodeRows, fillInBlock } from './rows/encode-rows.ts';

const gateway = useTestGateway();

test('rejects a row the engine could not read, because it would fail other rows too', () => {
  const wrong: Partial<Record<keyof EventRow, unknown>>[] = [
    { timestamp: Date.UTC(2000, 0, 1) - 1 },
    { timestamp: 1.5 },
    { timestamp: Number.NaN },
    { timestamp: Date.UTC(2300, 0, 1) },
    { received_at: '2026-01-01' },
    { revenue: '1e5' },
    { revenue: '1.1234567' },
    { revenue: '1234567890123456789' },
    { revenue: '' },
    { verified: true },
    { app_user_id: null },
    { properties: {} },
    { sdk: 5 },
    { sdk: ['a'] },
  ];
  for (const part of wrong) {
    const row = { ...eventRow({ event_id: 'e' }), ...part } as EventRow;
    assert.throws(
      () => {
        requireReadable(row);
        encodeRows([row]);
      },
      TypeError,
      JSON.stringify(part),
    );
  }
});

/** Lengths around those where the length prefix takes another byte or the way of copying changes, in characters of one to four bytes. */
const texts = fc.oneof(
  fc.constantFrom('', 'ios', 'DE', '1.0', '\0', '\ud800', 'a\udc00b', '\uffff'),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .tuple(fc.constantFrom('a', 'é', '€', '😀'), fc.constantFrom(63, 64, 65, 127, 128, 129, 16_383, 16_384))
    .map(([character, length]) => character.repeat(length / character.length)),
);
const amounts = fc.oneof(
  fc.constantFrom(null, '0', '9.99', '-9.99', '0.000001', '-0.000001', '999999999'),
  fc.constantFrom('-999999999999999999.999999', '999999999999999999.999999', '18446744073709.551616'),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: 0, max: 999_999 }))
    .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(6, '0')}`.replace(/\.?0+$/, ''))
    .filter((text) => /^-?\d{1,18}(\.\d{1,6})?$/.test(text)),
);
const times = fc.integer({ min: EVENT_MS_MIN, max: EVENT_MS_MAX });
const someRows = fc.array(
  fc.record({
    ...Object.fromEntries(EVENT_COLUMNS.map((name) => [name, texts])),
    ...{ timestamp: times, received_at: fc.oneof(fc.constant(EVENT_MS_MAX), times) },
    ...{ revenue: amounts, verified: fc.constantFrom(0, 1) },
  }) as unknown as fc.Arbitrary<EventRow>,
  { maxLength: 5 },
);

/** A lone surrogate becomes U+FFFD: the engine stores UTF-8, which can't represent it. */
const wellFormed = (row: EventRow): EventRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.toWellFormed() : value,
    ]),
  ) as EventRow;

test('returns every row as it was, from bytes and from the table', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(someRows, fc.boolean(), async (drawn, isAlike) => {
      run += 1;
      const project_id = `proj_bytes_${run}`;
      // Rows after one with the same end copy it.
      const rows = drawn.map((row, index) => ({
        ...(isAlike ? { ...drawn[0], ...{ revenue: row.revenue, properties: row.properties } } : row),
        ...{ project_id, event_id: `e${index}` },
      })) as EventRow[];
      const { bytes, ends } = encodeRows(rows);
      assert.deepEqual(decodeRows(bytes), { rows: rows.map(wellFormed), ends });
      assert.notEqual(bytes.at(-1), 0);
      if (rows.length === 0) return;
      await createBlockStore(gateway, { withRows: rowFileIn(makeLogFolder()) }).insertNew([
        encodeBlock(run, rows),
      ]);
      assert.deepEqual(await readRows(project_id), rows.map(wellFormed));
    }),
    { numRuns: 40 },
  );
});

async function readRows(projectId: string): Promise<EventRow[]> {
  const columns = EVENT_COLUMNS.map((name) =>
    name === 'timestamp' || name === 'received_at'
      ? `toInt64(toUnixTimestamp64Milli(${name})) AS ${name}_ms`
      : `${name} AS ${name}_text`,
  );
  const rows = await gateway.query<Record<string, string | number | null>>(
    `SELECT ${columns.join(', ')} FROM events WHERE project_id = {projectId:String} ORDER BY event_id`,
    { projectId },
  );
  return rows.map(
    (row) =>
      Object.fromEntries(
        EVENT_COLUMNS.map((name) => [
          name,
          `${name}_ms` in row ? Number(row[`${name}_ms`]) : row[`${name}_text`],
        ]),
      ) as EventRow,
  );
}

test('gives each row the number of its block, beyond 32 bits too', () => {
  const block = Date.UTC(2026, 0, 1) * 1000 + 1;
  const encoded = encodeRows([eventRow({ event_id: 'a' }), eventRow({ event_id: 'longer' })]);
  fillInBlock(encoded, block);
  const starts = [0, encoded.ends[0] ?? 0];
  assert.deepEqual(
    starts.map((start) => Number(encoded.bytes.readBigUInt64LE(start))),
    [block, block],
  );
});

test('encodes more rows than fit in the buffer, then fewer', () => {
  const properties = JSON.stringify({ text: 'é'.repeat(30_000) });
  const many = Array.from({ length: 30 }, (_, index) => eventRow({ event_id: `e${index}`, properties }));
  for (const rows of [many, many.slice(0, 1), [eventRow({ event_id: 'e' })]])
    assert.deepEqual(decodeRows(encodeRows(rows).bytes).rows, rows);
});

test('copies the end of the row before only if all of it is the same', () => {
  const other: Partial<EventRow> = {
    timestamp: EVENT_MS_MAX,
    received_at: EVENT_MS_MIN,
    revenue: '1',
    verified: 0,
  };
  for (const name of EVENT_COLUMNS) {
    const row = eventRow({ event_id: 'e' });
    const rows = [row, { ...row, [name]: other[name] ?? 'other' }, row];
    assert.deepEqual(decodeRows(encodeRows(rows).bytes).rows, rows, name);
  }
});
