import { DAY_MS } from './durations.ts';

/** A calendar day in any time zone, as the number of days since 1970-01-01, so that days can be counted and compared. */
export type Day = number;

/** Calendar days from `first` to `last`, both inclusive. */
export type DayRange = { first: Day; last: Day };

/** Returns the day of a `YYYY-MM-DD` string that passed the `date` format. */
export function parseDay(date: string): Day {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}

/** Returns a day as `YYYY-MM-DD`. */
export function formatDay(day: Day): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Returns how many days a range has. */
export function countDays({ first, last }: DayRange): number {
  return last - first + 1;
}

/** Returns every day of a range, oldest first. */
export function listDays(range: DayRange): Day[] {
  return Array.from({ length: countDays(range) }, (_, index) => range.first + index);
}
