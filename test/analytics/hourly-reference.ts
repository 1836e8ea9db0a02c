import { dedupe, localDate, matches, type PlainEvent, type ReferenceQuery, sumMoney } from './reference.ts';

/** An event and the app it was sent to. */
export type AppEvent = PlainEvent & { appId?: string };

const HOUR_MS = 3_600_000;
const hourFormats = new Map<string, Intl.DateTimeFormat>();

/** Returns the local date, hour and offset of a time: events with the same three are in the same clock hour. */
function clockHour(timezone: string, instant: number): string {
  let format = hourFormats.get(timezone);
  if (!format) {
    const options = {
      timeZone: timezone,
      hour: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'longOffset',
    } as const;
    format = new Intl.DateTimeFormat('en-US', options);
    hourFormats.set(timezone, format);
  }
  return `${localDate(timezone, instant)} ${format.format(instant)}`;
}

/** The first millisecond of the clock hour of a time. */
function startOfHour(timezone: string, instant: number): number {
  const hour = clockHour(timezone, instant);
  let [low, high] = [instant - HOUR_MS, instant];
  if (clockHour(timezone, low) === hour) throw new Error('An hour is longer than an hour.');
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (clockHour(timezone, middle) === hour) high = middle;
    else low = middle;
  }
  return high;
}

function firstSeenOf(events: readonly PlainEvent[]): Map<string, number> {
  const firstSeen = new Map<string, number>();
  for (const { app_user_id, timestamp } of events) {
    const at = Date.parse(timestamp);
    firstSeen.set(app_user_id, Math.min(at, firstSeen.get(app_user_id) ?? at));
  }
  return firstSeen;
}

const countUsers = (events: readonly PlainEvent[]) =>
  new Set(events.map(({ app_user_id }) => app_user_id)).size;

/** Computes the rows of `hourly` that have events, by simple counting: those without are zeros. */
export function recountHours(sent: readonly AppEvent[], query: ReferenceQuery) {
  const { timezone, start, end, filters = {} } = query;
  const firstSeen = firstSeenOf(dedupe(sent));
  const counted = dedupe(sent).filter((event) => {
    const date = localDate(timezone, event.timestamp);
    return date >= start && date <= end && matches(event, filters);
  });
  const byHour = Map.groupBy(counted, ({ timestamp }) => startOfHour(timezone, Date.parse(timestamp)));
  return [...byHour]
    .sort(([one], [other]) => one - other)
    .map(([hour, events]) => {
      const isNew = ({ app_user_id }: PlainEvent) =>
        startOfHour(timezone, firstSeen.get(app_user_id) ?? 0) === hour;
      const sessions = events.filter(({ session_id }) => session_id);
      return {
        hour: new Date(hour).toISOString(),
        active_users: countUsers(events),
        new_users: countUsers(events.filter(isNew)),
        sessions: new Set(sessions.map((one) => JSON.stringify([one.appId, one.app_user_id, one.session_id])))
          .size,
        events: events.length,
        ...sumMoney(events, query),
      };
    });
}

/** Computes the users of some days, each counted once, by simple counting. */
export function recountUsers(sent: readonly PlainEvent[], query: ReferenceQuery) {
  const { timezone, start, end, filters = {} } = query;
  const isIn = (instant: number | string) => {
    const date = localDate(timezone, instant);
    return date >= start && date <= end;
  };
  const events = dedupe(sent);
  const firstSeen = firstSeenOf(events);
  const active = events.filter((event) => isIn(event.timestamp) && matches(event, filters));
  const users = new Set(active.map(({ app_user_id }) => app_user_id));
  return { users: users.size, new_users: [...users].filter((user) => isIn(firstSeen.get(user) ?? 0)).length };
}
