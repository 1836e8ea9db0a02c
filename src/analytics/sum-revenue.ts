import type { Day } from '../lib/calendar.ts';
import { selectRevenue } from './activity-rows.ts';
import { formatMoney } from './money.ts';
import type { AnalyticsQuery, QueryServices } from './query.ts';

/** Revenue of a day: `revenue` in the app's currency only, and each currency separately. Decimal strings. */
export type Revenue = { revenue: string; revenue_by_currency: Record<string, string> };

/** Returns the exact sums per currency of each day that has revenue. Throws StorageError. */
export async function sumRevenue(
  { warehouse, rollups }: QueryServices,
  query: AnalyticsQuery,
  signal: AbortSignal,
): Promise<Map<Day, Record<string, string>>> {
  const amounts = selectRevenue(rollups, query);
  // Not sumMap, which drops currencies whose sum is zero: a fully refunded sale is not a day without sales.
  const rows = await warehouse.query<{ day: Day; currency: string; total: string }>(
    `SELECT day, currency, sum(amount) AS total FROM (${amounts.sql}) GROUP BY day, currency ORDER BY day, currency`,
    amounts.params,
    { signal, isLight: true },
  );
  const days = new Map<Day, Record<string, string>>();
  for (const row of rows) {
    const sums = days.get(row.day) ?? {};
    sums[row.currency] = formatMoney(row.total, row.currency);
    days.set(row.day, sums);
  }
  return days;
}

/** Returns the revenue of a day from its sums per currency (undefined for a day without revenue). */
export function toRevenue(sums: Record<string, string> = {}, appCurrency: string): Revenue {
  return { revenue: sums[appCurrency] ?? formatMoney('0', appCurrency), revenue_by_currency: sums };
}
