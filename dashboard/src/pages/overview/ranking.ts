import type { BreakdownAnswer } from '../../api/answers.ts';
import { isAutomaticEvent } from '../../lib/automatic-events.ts';
import type { Dimension } from '../../lib/dimensions.ts';
import { formatCount, formatMoney } from '../../lib/format.ts';
import { sumDecimals } from './decimal.ts';
import type { Measure } from './range.ts';

/** How many values a card shows. */
export const VALUES_MAX = 8;

type Row = BreakdownAnswer['other'];

/** A value's amount as text and for the length of its bar, and its share of the whole. */
export type Amount = { text: string; weight: number; share: number | null };

export type Ranking = {
  rows: readonly (Amount & { value: string | null })[];
  /** All other values together; undefined if there are none. */
  other: Amount | undefined;
};

/** Returns what a card shows of an answer, largest first. Values without an amount, and automatic events, are left out. */
export function rankValues(
  answer: BreakdownAnswer,
  { by, measure, currency }: { by: Dimension; measure: Measure; currency: string },
): Ranking {
  const { data, other, meta } = answer;
  if (measure === 'revenue' && currency !== meta.currency) return rankByCurrency(answer, currency);
  const toAmount = (row: Row): Amount => ({
    text: measure === 'revenue' ? formatMoney(row.revenue ?? '0', currency) : formatCount(row[measure] ?? 0),
    weight: Number(row[measure] ?? 0),
    share: row.share,
  });
  const isShown = (value: string | null) => by !== 'event_name' || value === null || !isAutomaticEvent(value);
  const rows = data.filter((row) => isShown(row.value) && Number(row[measure] ?? 0) !== 0);
  // More than a card shows were loaded, in case some are left out.
  const rest = addRows([...rows.slice(VALUES_MAX), other], measure);
  return {
    rows: rows.slice(0, VALUES_MAX).map((row) => ({ value: row.value, ...toAmount(row) })),
    other: rest && Number(rest[measure] ?? 0) > 0 ? toAmount(rest) : undefined,
  };
}

/** Returns rows as one. Undefined for users of several rows: they may be the same people. */
function addRows(rows: readonly Row[], measure: Measure): Row | undefined {
  const [first, ...others] = rows;
  if (first === undefined || others.length === 0) return first;
  if (measure === 'users') return undefined;
  const shares = rows.map(({ share }) => share);
  return {
    events: rows.reduce((total, { events = 0 }) => total + events, 0),
    revenue: sumDecimals(rows.map(({ revenue = '0' }) => revenue)),
    share: shares.includes(null) ? null : shares.reduce<number>((total, share) => total + (share ?? 0), 0),
  };
}

/** The server ranks by the app's currency: for another one, all its values are loaded, and ranked here. */
function rankByCurrency({ data, other }: BreakdownAnswer, currency: string): Ranking {
  const amountOf = ({ revenue_by_currency }: Row) => revenue_by_currency?.[currency] ?? '0';
  const whole = Number(sumDecimals([...data, other].map(amountOf)));
  const toAmount = (decimal: string): Amount => {
    const part = Number(decimal);
    const isPart = whole > 0 && part >= 0 && part <= whole;
    return { text: formatMoney(decimal, currency), weight: part, share: isPart ? part / whole : null };
  };
  const ranked = data.toSorted((a, b) => Number(amountOf(b)) - Number(amountOf(a)));
  const rest = toAmount(sumDecimals([...ranked.slice(VALUES_MAX), other].map(amountOf)));
  return {
    rows: ranked
      .slice(0, VALUES_MAX)
      .map((row) => ({ value: row.value, ...toAmount(amountOf(row)) }))
      .filter(({ weight }) => weight !== 0),
    other: rest.weight > 0 ? rest : undefined,
  };
}
