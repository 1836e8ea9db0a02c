import type { Day } from '../lib/calendar.ts';
import { REVENUE_SQL, revenueCondition } from '../warehouse/event-sql.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { formatMoney } from './money.ts';
import type { AnalyticsQuery } from './query.ts';
import { daySql, queryCondition } from './query-sql.ts';

/** Revenue of a day: `revenue` in the app's currency only, and each currency separately. Decimal strings. */
export type Revenue = { revenue: string; revenue_by_currency: Record<string, string> };

/** Returns the exact sums per currency of each day that has revenue. Throws StorageError. */
export async function sumRevenue(
  warehouse: Pick<Warehouse, 'query'>,
  query: AnalyticsQuery,
  signal: AbortSignal,
): Promise<Map<Day, Record<string, string>>> {
  const events = queryCondition(query);
  const day = daySql(query, 'timestamp');
  // Not sumMap, which drops currencies whose sum is zero: a fully refunded sale is not a day without sales.
  const rows = await warehouse.query<{ day: Day; currency: string; amount: string }>(
    `SELECT ${day.sql} AS day, currency, sum(${REVENUE_SQL}) AS amount
     FROM events WHERE ${events.sql} AND ${revenueCondition(query.includesUnverifiedRevenue)}
     GROUP BY day, currency ORDER BY day, currency`,
    { ...events.params, ...day.params },
    { signal, isLight: true },
  );
  const days = new Map<Day, Record<string, string>>();
  for (const row of rows) {
    const sums = days.get(row.day) ?? {};
    sums[row.currency] = formatMoney(row.amount, row.currency);
    days.set(row.day, sums);
  }
  return days;
}

/** Returns the revenue of a day from its sums per currency (undefined for a day without revenue). */
export function toRevenue(sums: Record<string, string> = {}, appCurrency: string): Revenue {
  return { revenue: sums[appCurrency] ?? formatMoney('0', appCurrency), revenue_by_currency: sums };
}
