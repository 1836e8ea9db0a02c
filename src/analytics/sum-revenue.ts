import type { Day } from '../lib/calendar.ts';
import { selectRevenue } from './activity-rows.ts';
import { findWholeDays, type SplitDays } from './count-whole-days.ts';
import { formatMoney } from './money.ts';
import type { AnalyticsQuery, QueryServices } from './query.ts';

/** Revenue of a day: `revenue` in the app's currency only, and each currency separately. Decimal strings. */
export type Revenue = { revenue: string; revenue_by_currency: Record<string, string> };

/** The sums of each day that has revenue, as decimals by currency. */
type DayRevenue = Map<Day, Record<string, string>>;

/** Returns the exact sums per currency of each day that has revenue. Throws StorageError. */
export async function sumRevenue(
  { warehouse, rollups }: QueryServices,
  query: AnalyticsQuery,
  signal: AbortSignal,
): Promise<DayRevenue> {
  const found = findWholeDays(rollups, query);
  const days = found === undefined ? new Map() : listTotals(found, query);
  if (found !== undefined && found.rest === undefined) return days;
  const amounts = selectRevenue(found?.rest ?? rollups, query);
  // Not sumMap, which drops currencies whose sum is zero: a fully refunded sale is not a day without sales.
  const rows = await warehouse.query<{ day: Day; currency: string; total: string }>(
    `SELECT day, currency, sum(amount) AS total FROM (${amounts.sql}) GROUP BY day, currency ORDER BY day, currency`,
    amounts.params,
    { signal, isLight: true },
  );
  for (const row of rows) {
    const sums = days.get(row.day) ?? {};
    sums[row.currency] = formatMoney(row.total, row.currency);
    days.set(row.day, sums);
  }
  return days;
}

/** Returns the revenue of days whose totals are known. */
function listTotals({ whole }: SplitDays, { includesUnverifiedRevenue }: AnalyticsQuery): DayRevenue {
  const days: DayRevenue = new Map();
  for (const [day, { totals }] of whole) {
    const sums = totals.revenue.flatMap(({ currency, all, verified }): [string, string][] => {
      const total = includesUnverifiedRevenue ? all : verified;
      return total === null ? [] : [[currency, formatMoney(total, currency)]];
    });
    if (sums.length > 0) days.set(day, Object.fromEntries(sums));
  }
  return days;
}

/** Returns the revenue of a day from its sums per currency (undefined for a day without revenue). */
export function toRevenue(sums: Record<string, string> = {}, appCurrency: string): Revenue {
  return { revenue: sums[appCurrency] ?? formatMoney('0', appCurrency), revenue_by_currency: sums };
}
