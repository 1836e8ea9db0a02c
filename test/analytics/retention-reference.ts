import { dedupe, localDate, matches, type PlainEvent, type ReferenceFilters } from './reference.ts';

/** What `recountRetention` computes. */
export type RetentionParameters = {
  interval: 'day' | 'week' | 'month';
  periods: number;
  return: 'on' | 'on_or_after';
  timezone: string;
  start: string;
  end: string;
};

const shift = (date: string, days: number) =>
  new Date(Date.parse(`${date}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** Returns the first date of the period of a date. */
function periodOf(interval: RetentionParameters['interval'], date: string): string {
  if (interval === 'day') return date;
  if (interval === 'month') return `${date.slice(0, 7)}-01`;
  let monday = date;
  while (new Date(`${monday}T12:00:00Z`).getUTCDay() !== 1) monday = shift(monday, -1);
  return monday;
}

/** Returns the first date of the next period, day by day, so that no arithmetic is shared. */
function nextPeriod(interval: RetentionParameters['interval'], start: string): string {
  let date = shift(start, 1);
  while (periodOf(interval, date) !== date) date = shift(date, 1);
  return date;
}

/** Computes what `retention` must answer. `personOf` returns the person of an event. */
export function recountRetention(
  sent: readonly PlainEvent[],
  query: RetentionParameters,
  {
    filters = {},
    nowMs,
    personOf = ({ app_user_id }) => app_user_id,
  }: { filters?: ReferenceFilters; nowMs: number; personOf?: (event: PlainEvent) => string },
) {
  const { interval, timezone } = query;
  const people = new Map<string, { first: number; periods: Set<string> }>();
  for (const event of dedupe(sent)) {
    const at = Date.parse(event.timestamp);
    const person = people.get(personOf(event)) ?? { first: at, periods: new Set() };
    person.first = Math.min(person.first, at);
    if (matches(event, filters)) person.periods.add(periodOf(interval, localDate(timezone, at)));
    people.set(personOf(event), person);
  }
  const today = localDate(timezone, nowMs);
  const rows = [];
  for (let start = periodOf(interval, query.start); start <= query.end; start = nextPeriod(interval, start)) {
    const members = [...people.values()].filter(
      ({ first }) => periodOf(interval, localDate(timezone, first)) === start,
    );
    const users: (number | null)[] = [members.length];
    for (let period = nextPeriod(interval, start); users.length <= query.periods; ) {
      const next = nextPeriod(interval, period);
      const returned = members.filter(({ periods }) =>
        query.return === 'on' ? periods.has(period) : [...periods].some((one) => one >= period),
      );
      users.push(next <= today ? returned.length : null);
      period = next;
    }
    const rate = users.map((count) =>
      count === null || members.length === 0 ? null : count / members.length,
    );
    rows.push({ cohort: start, size: members.length, users, rate });
  }
  return rows;
}
