import type { AnalyticsQuery, QueryServices } from './query.ts';
import { type Ranked, type Ranking, selectRanked, shareOf } from './top-values.ts';

/** The aggregate of each metric. Its states merge without counting the same user twice. */
const AGGREGATES = {
  events: { name: 'sum', of: 'events' },
  users: { name: 'uniqExact', of: 'person' },
} as const;

/** A metric that values can be ranked by, other than revenue. */
export type CountedMetric = keyof typeof AGGREGATES;

/** The count of a value under the metric's name, and its share of the whole. */
export type RankedCount = { [Metric in CountedMetric]?: number } & { share: number | null };

/**
 * Returns the values with the highest counts (ties in byte order, null last), and all others together. One statement,
 * so that all parts belong to the same whole. Throws StorageError.
 */
export async function countTop(
  { warehouse, rollups }: QueryServices,
  query: AnalyticsQuery,
  metric: CountedMetric,
  ranking: Ranking,
  signal: AbortSignal,
): Promise<{ data: ({ value: string | null } & RankedCount)[]; other: RankedCount }> {
  const { name, of } = AGGREGATES[metric];
  const { rows: events, value } = selectRanked(rollups, query, {
    ...ranking,
    hasPersons: metric === 'users',
  });
  const rows = await warehouse.query<Ranked<{ amount: string }>>(
    `SELECT toUInt32(place) AS place, toUInt32(grouping(place)) AS is_whole, any(value) AS value, ${name}Merge(state) AS amount
     FROM (
       SELECT value, state, if(rank <= {limit:UInt32}, rank, 0) AS place
       FROM (
         SELECT value, state,
           row_number() OVER (ORDER BY finalizeAggregation(state) DESC, value ASC NULLS LAST) AS rank
         FROM (
           SELECT ${value.sql} AS value, ${name}MergeState(of_key) AS state
           FROM (SELECT key, ${name}State(${of}) AS of_key FROM (${events.sql}) GROUP BY key) GROUP BY value
         )
       )
     )
     GROUP BY GROUPING SETS ((place), ()) ORDER BY place`,
    { ...events.params, ...value.params, limit: ranking.limit },
    { signal, isLight: 'column' in ranking.dimension },
  );
  const whole = Number(rows.find(({ is_whole }) => is_whole === 1)?.amount ?? 0);
  const parts = rows.filter(({ is_whole }) => is_whole === 0);
  const toCounted = (amount: number): RankedCount => ({ [metric]: amount, share: shareOf(amount, whole) });
  return {
    data: parts
      .filter(({ place }) => place > 0)
      .map(({ value, amount }) => ({ value, ...toCounted(Number(amount)) })),
    other: toCounted(Number(parts.find(({ place }) => place === 0)?.amount ?? 0)),
  };
}
