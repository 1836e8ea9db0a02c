import { formatMoney } from './money.ts';
import type { AnalyticsQuery, QueryServices } from './query.ts';
import { type Revenue, toRevenue } from './sum-revenue.ts';
import { type Ranked, type Ranking, selectRankedRevenue, shareOf } from './top-values.ts';

/** A value's revenue and its share of the whole, both in the app's currency. */
export type RankedRevenue = Revenue & { share: number | null };

type Row = Ranked<{ currency: string; amount: string }>;

/**
 * Returns the values with the highest revenue in the app's currency (ties in byte order, null last), and all others
 * together. Only values with some revenue count. Throws StorageError.
 */
export async function sumTopRevenue(
  { warehouse, rollups }: QueryServices,
  query: AnalyticsQuery,
  ranking: Ranking,
  signal: AbortSignal,
): Promise<{ data: ({ value: string | null } & RankedRevenue)[]; other: RankedRevenue }> {
  const { currency } = query;
  const events = selectRankedRevenue(rollups, query, ranking);
  const rows = await warehouse.query<Row>(
    `SELECT toUInt32(place) AS place, toUInt32(grouping(place)) AS is_whole, any(value) AS value, currency,
       sum(part) AS amount
     FROM (
       SELECT value, currency, part, if(rank <= {limit:UInt32}, rank, 0) AS place
       FROM (
         SELECT value, currency, part, dense_rank() OVER (ORDER BY own DESC, value ASC NULLS LAST) AS rank
         FROM (
           SELECT value, currency, part, sum(if(currency = {currency:String}, part, 0)) OVER (PARTITION BY value) AS own
           FROM (SELECT value, currency, sum(amount) AS part FROM (${events.sql}) GROUP BY value, currency)
         )
       )
     )
     GROUP BY GROUPING SETS ((place, currency), (currency)) ORDER BY place, currency`,
    { ...events.params, limit: ranking.limit, currency },
    { signal, isLight: 'column' in ranking.dimension },
  );
  const [parts, wholes] = [
    rows.filter((row) => row.is_whole === 0),
    rows.filter((row) => row.is_whole === 1),
  ];
  const whole = Number(toRevenue(toSums(wholes), currency).revenue);
  const toEarned = (of: readonly Row[]): RankedRevenue => {
    const revenue = toRevenue(toSums(of), currency);
    return { ...revenue, share: shareOf(Number(revenue.revenue), whole) };
  };
  const byPlace = Map.groupBy(parts, ({ place }) => place);
  const others = byPlace.get(0) ?? [];
  byPlace.delete(0);
  return {
    data: [...byPlace.values()].map((of) => ({ value: of[0]?.value ?? null, ...toEarned(of) })),
    other: toEarned(others),
  };
}

const toSums = (rows: readonly Row[]) =>
  Object.fromEntries(rows.map(({ currency, amount }) => [currency, formatMoney(amount, currency)]));
