import type { Insertable } from 'kysely';
import type { IngestionSdkHourTable } from '../control/ingestion-schema.ts';
import { compareText } from '../lib/text/compare-text.ts';
import { createSourceTotals } from './source-totals.ts';

/** A count as it is stored. */
export type HourRow = Insertable<IngestionSdkHourTable>;

/** What became of the events of a key and an SDK in one period, which starts at `hour`. */
export type PeriodCounts = {
  hour: number;
  keyId: string;
  /** One of `COUNTED_SDK_IDS`, or `OTHER_SOURCES`. */
  sdkId: string;
  sdk: string;
  accepted: number;
  duplicates: number;
  rejected: number;
  refused: number;
  link_conflicts: number;
  /** How many were rejected and refused, by code. */
  reasons: Record<string, number>;
};

/** What keys, and SDKs, are counted as when they are too many for one answer. */
export const OTHER_SOURCES = 'other';

/** Passes the rows to `add`, the same ones each time, by hour. Resolves to false if they are too many to read. */
export type ReadRows = (add: (row: HourRow) => void) => Promise<boolean>;

/**
 * Returns the sums by period, key and SDK, oldest period first; undefined if there are too many rows to read. When the sums would be more
 * than `rowsMax`, which is more than twice the number of periods, the rows are read again, and only some keys and SDKs are listed, in all
 * periods: those with the most problems, then events, in the whole range. The others are added up as `other`.
 */
export async function sumByPeriod(
  readRows: ReadRows,
  intervalMs: number,
  rowsMax: number,
): Promise<PeriodCounts[] | undefined> {
  const all = new Map<string, PeriodCounts>();
  const totals = createSourceTotals(intervalMs);
  const isRead = await readRows((row) => {
    totals.add(sourceOf(row.key_id, row.sdk_id, row.sdk), row);
    if (all.size <= rowsMax) addTo(all, toCounts(row, intervalMs));
  });
  if (!isRead) return undefined;
  if (all.size <= rowsMax) return listSums(all);
  // The other half is for the rows of `other`, and for what other processes write meanwhile.
  const kept = await totals.listFirst(Math.floor(rowsMax / 2));
  const sums = new Map<string, PeriodCounts>();
  const isReadAgain = await readRows((row) => {
    const counts = toCounts(row, intervalMs);
    addTo(sums, kept.has(sourceOf(row.key_id, row.sdk_id, row.sdk)) ? counts : { ...counts, ...OTHER });
  });
  return isReadAgain ? listSums(sums) : undefined;
}

const OTHER = { keyId: OTHER_SOURCES, sdkId: OTHER_SOURCES, sdk: OTHER_SOURCES };

const sourceOf = (keyId: string, sdkId: string, sdk: string) => `${keyId} ${sdkId} ${sdk}`;

const listSums = (sums: Map<string, PeriodCounts>) => [...sums.values()].sort(compare);

function addTo(sums: Map<string, PeriodCounts>, counts: PeriodCounts): void {
  const name = `${counts.hour} ${sourceOf(counts.keyId, counts.sdkId, counts.sdk)}`;
  const sum = sums.get(name);
  if (sum === undefined) sums.set(name, counts);
  else addCounts(sum, counts);
}

function toCounts(
  { hour, key_id: keyId, sdk_id: sdkId, sdk, outcome, code, count }: HourRow,
  intervalMs: number,
): PeriodCounts {
  const of = (name: string) => (outcome === name ? count : 0);
  return {
    hour: hour - (hour % intervalMs),
    keyId,
    sdkId,
    sdk,
    accepted: of('accepted'),
    duplicates: of('duplicate'),
    rejected: of('rejected'),
    refused: of('refused'),
    link_conflicts: of('link_conflict'),
    reasons: code === '' ? {} : { [code]: count },
  };
}

const COUNTED = ['accepted', 'duplicates', 'rejected', 'refused', 'link_conflicts'] as const;

function addCounts(sum: PeriodCounts, counts: PeriodCounts): void {
  for (const name of COUNTED) sum[name] += counts[name];
  for (const [code, count] of Object.entries(counts.reasons))
    sum.reasons[code] = (sum.reasons[code] ?? 0) + count;
}

function compare(one: PeriodCounts, other: PeriodCounts): number {
  return (
    one.hour - other.hour ||
    compareText(one.keyId, other.keyId) ||
    compareText(one.sdkId, other.sdkId) ||
    compareText(one.sdk, other.sdk)
  );
}
