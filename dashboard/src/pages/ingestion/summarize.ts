import type { IngestionAnswer, IngestionCounts } from '../../api/answers.ts';

/** What can become of what is sent, in the order of the chart from below. `refused` counts requests, the others events. */
export const OUTCOMES = ['accepted', 'duplicates', 'rejected', 'refused'] as const;

export type Outcome = (typeof OUTCOMES)[number];

export type Counts = Record<Outcome, number>;

/** A bar of the chart: the counts of the period that starts at `at` (epoch milliseconds). */
export type Period = Counts & { at: number };

/** The counts of a key and an SDK. */
export type SourceCounts = Counts & { keyId: string; sdkId: string; sdk: string; reasons: readonly string[] };

/** A reason of rejections or refusals, and how often it occurred. */
export type ReasonCount = { code: string; count: number };

const createCounts = (): Counts => ({ accepted: 0, duplicates: 0, rejected: 0, refused: 0 });

function addTo(counts: Counts, row: Counts): void {
  for (const outcome of OUTCOMES) counts[outcome] += row[outcome];
}

/** Returns the sums of all rows. */
export function sumCounts(rows: readonly Counts[]): Counts {
  const sums = createCounts();
  for (const row of rows) addTo(sums, row);
  return sums;
}

/** Returns how many events were received. */
export const countEvents = ({ accepted, duplicates, rejected }: Counts): number =>
  accepted + duplicates + rejected;

/** Returns the share of rejected events, 0–1; undefined without events. */
export function rejectedShare(counts: Counts): number | undefined {
  const events = countEvents(counts);
  return events === 0 ? undefined : counts.rejected / events;
}

/** Returns the periods of an answer, oldest first, also those without counts. */
export function toPeriods({ data, meta }: IngestionAnswer, periodMs: number): Period[] {
  const startOf = (instantMs: number) => Math.floor(instantMs / periodMs) * periodMs;
  const first = startOf(Date.parse(meta.start));
  const last = startOf(Date.parse(meta.end) - 1);
  const length = Math.max(0, (last - first) / periodMs + 1);
  const periods = Array.from({ length }, (_, index) => ({ at: first + index * periodMs, ...createCounts() }));
  for (const row of data) {
    const period = periods[(startOf(Date.parse(row.hour)) - first) / periodMs];
    if (period) addTo(period, row);
  }
  return periods;
}

/** Returns the counts per key and SDK: those with the most rejected events first, then those with the most events. */
export function listSources(rows: readonly IngestionCounts[]): SourceCounts[] {
  const sourceOf = ({ key_id, sdk_id, sdk }: IngestionCounts) => `${key_id} ${sdk_id} ${sdk}`;
  const sources = [...Map.groupBy(rows, sourceOf).values()].flatMap((own) => {
    const [first] = own;
    if (!first) return [];
    const reasons = listReasons(own).map(({ code }) => code);
    return [{ keyId: first.key_id, sdkId: first.sdk_id, sdk: first.sdk, ...sumCounts(own), reasons }];
  });
  return sources.sort(
    (one, other) =>
      other.rejected - one.rejected || countEvents(other) - countEvents(one) || other.refused - one.refused,
  );
}

/** Returns the reasons of rejections and refusals, the most frequent first. */
export function listReasons(rows: readonly Pick<IngestionCounts, 'reasons'>[]): ReasonCount[] {
  const counts = new Map<string, number>();
  for (const { reasons } of rows)
    for (const [code, count] of Object.entries(reasons)) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .sort((one, other) => other.count - one.count || (one.code < other.code ? -1 : 1));
}
