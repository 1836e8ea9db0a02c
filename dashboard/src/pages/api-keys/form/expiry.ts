import type { KeyType } from '../../../api/answers.ts';

const DAY_MS = 86_400_000;

/** How long a new key lives: days, `never`, or `date` for a day picked by hand. */
export type ExpiryChoice = '30' | '90' | '365' | 'never' | 'date';

const PRESETS = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: 'never', label: 'Never' },
  { value: 'date', label: 'Date' },
] as const satisfies readonly { value: ExpiryChoice; label: string }[];

/** Returns the choices that the project allows; `maxDays` is its longest life of a key, null for no limit. */
export function expiryChoices(maxDays: number | null) {
  return PRESETS.filter(({ value }) => {
    if (value === 'date') return true;
    return maxDays === null || (value !== 'never' && Number(value) <= maxDays);
  });
}

/**
 * Returns what a new key starts with: a year, because a key that ends is found before it is forgotten. Client keys never
 * end by default: installed apps cannot be given a new one. Never longer than the project allows.
 */
export function defaultExpiry(type: KeyType, maxDays: number | null): ExpiryChoice {
  const wanted = type === 'client' ? 'never' : '365';
  const allowed = expiryChoices(maxDays).map(({ value }) => value);
  return allowed.includes(wanted) ? wanted : (allowed.findLast((value) => value !== 'date') ?? 'date');
}

/** Returns the instant (RFC 3339) that a choice means at `now`; null for never, undefined for no day picked yet. */
export function expiryInstant(choice: ExpiryChoice, date: string, now: number): string | null | undefined {
  if (choice === 'never') return null;
  if (choice !== 'date') return new Date(now + Number(choice) * DAY_MS).toISOString();
  // The end of the day where the person is: "until the 24th" includes it.
  const end = new Date(`${date}T23:59:59`);
  return Number.isNaN(end.getTime()) ? undefined : end.toISOString();
}
