import { formatMoney } from '../../lib/format.ts';

/** Returns amounts by currency as texts, the app's own currency first: `$9.99`, `€3.00`. */
export function listRevenue(
  byCurrency: Readonly<Record<string, string>>,
  appCurrency: string | undefined,
): string[] {
  return Object.entries(byCurrency)
    .toSorted(([a], [b]) => Number(b === appCurrency) - Number(a === appCurrency) || (a < b ? -1 : 1))
    .map(([currency, amount]) => formatMoney(amount, currency));
}
