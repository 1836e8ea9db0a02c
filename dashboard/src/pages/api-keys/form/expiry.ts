import { DAY_MS } from '../../../../../src/lib/durations.ts';
import type { KeyType } from '../../../api/answers.ts';

/** The lifetime of a new key: days, `never`, or `date` for a chosen day. */
export type ExpiryChoice = '30' | '90' | '365' | 'never' | 'date';

const PRESETS = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: 'never', label: 'Never' },
  { value: 'date', label: 'Date' },
] as const satisfies readonly { value: ExpiryChoice; label: string }[];

/** Returns the choices that the project allows. `maxDays` is its maximum key lifetime, null for no limit. */
export function expiryChoices(maxDays: number | null) {
  return PRESETS.filter(({ value }) => {
    if (value === 'date') return true;
    return maxDays === null || (value !== 'never' && Number(value) <= maxDays);
  });
}

/**
 * Returns the default: a year, because an expiring key is noticed before it is forgotten. Client keys never expire by
 * default: installed apps cannot receive a new key. Never longer than the project allows.
 */
export function defaultExpiry(type: KeyType, maxDays: number | null): ExpiryChoice {
  const preferred = type === 'client' ? 'never' : '365';
  const allowed = expiryChoices(maxDays).map(({ value }) => value);
  return allowed.includes(preferred) ? preferred : (allowed.findLast((value) => value !== 'date') ?? 'date');
}

/** Returns when the key expires (RFC 3339), as of `now`; null for never, undefined if no day is chosen yet. */
export function expiryInstant(choice: ExpiryChoice, date: string, now: number): string | null | undefined {
  if (choice === 'never') return null;
  if (choice !== 'date') return new Date(now + Number(choice) * DAY_MS).toISOString();
  // The end of the day in local time: "until the 24th" includes that day.
  const end = new Date(`${date}T23:59:59`);
  return Number.isNaN(end.getTime()) ? undefined : end.toISOString();
}
