import type { Warehouse } from '../warehouse/open.ts';
import type { Day } from './calendar.ts';
import { daySql, queryCondition } from './conditions.ts';
import type { AnalyticsQuery } from './filters.ts';
import { formatMoney } from './money.ts';

/** Revenue of a day: `revenue` in the app's currency alone, and every currency apart. Decimal strings. */
export type Revenue = { revenue: string; revenue_by_currency: Record<string, string> };

/** Returns the exact sums of each day that has revenue; a refund subtracts its absolute value. Throws StorageError. */
export async function sumRevenue(
  warehouse: Pick<Warehouse, 'query'>,
  question: AnalyticsQuery,
  signal: AbortSignal,
): Promise<Map<Day, Record<string, string>>> {
  const { sql, params } = queryCondition(question);
  const trusted = question.countsUnverifiedRevenue ? '' : ' AND verified = 1';
  // Not sumMap: it drops the currencies whose sum is zero, and a sale refunded in full is not a day without sales.
  const rows = await warehouse.query<{ day: Day; currency: string; amount: string }>(
    `SELECT ${daySql('timestamp')} AS day, currency, sum(if(event_name = 'refund', -abs(revenue), revenue)) AS amount
     FROM events WHERE ${sql} AND revenue IS NOT NULL${trusted} GROUP BY day, currency ORDER BY day, currency`,
    params,
    { signal },
  );
  const days = new Map<Day, Record<string, string>>();
  for (const { day, currency, amount } of rows) {
    const sums = days.get(day) ?? {};
    sums[currency] = formatMoney(amount, currency);
    days.set(day, sums);
  }
  return days;
}

/** Returns the revenue figures of a day from its sums (absent on days without revenue). */
export function toRevenue(sums: Record<string, string> = {}, appCurrency: string): Revenue {
  return { revenue: sums[appCurrency] ?? formatMoney('0', appCurrency), revenue_by_currency: sums };
}
