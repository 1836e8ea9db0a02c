/** An event as a client sends it, and whether its key makes its revenue verified. */
export type PlainEvent = {
  event_id: string;
  event_name: string;
  app_user_id: string;
  session_id?: string;
  timestamp: string;
  properties?: { revenue?: string | number; currency?: string };
  context?: { platform?: string; country?: string; app_version?: string };
  /** False if it was sent with a client key; true by default. */
  verified?: boolean;
};

/** The filters of a query, as in its parameters. */
export type ReferenceFilters = {
  platform?: string[];
  country?: string[];
  app_version?: string[];
  event_name?: string[];
};

/** What `recountDaily` computes. */
export type ReferenceQuery = {
  timezone: string;
  /** The app's currency, ISO 4217. */
  currency: string;
  start: string;
  end: string;
  filters?: ReferenceFilters;
  countsUnverified?: boolean;
};

/** A row of `daily`. */
export type ReferenceDay = {
  date: string;
  dau: number;
  new_users: number;
  sessions: number;
  events: number;
  revenue: string;
  revenue_by_currency: Record<string, string>;
};

const MINOR_DIGITS: Record<string, number> = { USD: 2, EUR: 2, JPY: 0, KWD: 3 };
const MILLION = 1_000_000n;
const dateFormats = new Map<string, Intl.DateTimeFormat>();

/** Returns the local date in a time zone. Computed for each event, so that no assumption about day lengths is shared. */
export function localDate(timezone: string, instant: string | number): string {
  let format = dateFormats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    dateFormats.set(timezone, format);
  }
  const [month, day, year] = format.format(new Date(instant)).split('/');
  return `${year}-${month}-${day}`;
}

/** Returns every date from `start` to `end`, inclusive. */
export function listDates(start: string, end: string): string[] {
  const dates: string[] = [];
  const date = new Date(`${start}T12:00:00Z`);
  for (let text = start; text <= end; text = date.toISOString().slice(0, 10)) {
    dates.push(text);
    date.setUTCDate(date.getUTCDate() + 1);
  }
  return dates;
}

/** Returns the events that count: the first with each id, apart for client and server keys, in the order sent. */
export function dedupe<T extends { event_id: string; verified?: boolean }>(events: readonly T[]): T[] {
  const firsts = new Map<string, T>();
  for (const event of events) {
    const identity = JSON.stringify([event.verified ?? true, event.event_id]);
    if (!firsts.has(identity)) firsts.set(identity, event);
  }
  return [...firsts.values()];
}

/** The platform of all apps here, and so that of events without one. */
export const APP_PLATFORM = 'ios';

/** Whether an event matches the filters. */
export function matches(event: PlainEvent, { platform, country, app_version, event_name }: ReferenceFilters) {
  const { context = {} } = event;
  if (platform && !platform.includes(context.platform || APP_PLATFORM)) return false;
  if (country && !country.includes(context.country ?? '')) return false;
  if (app_version && !app_version.includes(context.app_version ?? '')) return false;
  return !event_name || event_name.includes(event.event_name);
}

function toMillionths(amount: string | number): bigint {
  const text = String(amount);
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole) * MILLION + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  return text.startsWith('-') ? -size : size;
}

/** Formats millionths as a decimal with at least the digits of the currency's minor unit. */
function writeMoney(millionths: bigint, currency: string): string {
  const size = millionths < 0n ? -millionths : millionths;
  let fraction = String(size % MILLION).padStart(6, '0');
  while (fraction.length > (MINOR_DIGITS[currency] ?? 2) && fraction.endsWith('0'))
    fraction = fraction.slice(0, -1);
  return `${millionths < 0n ? '-' : ''}${size / MILLION}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Returns the revenue figures of these events. */
export function sumMoney(
  events: readonly PlainEvent[],
  { currency, countsUnverified = true }: Pick<ReferenceQuery, 'currency' | 'countsUnverified'>,
) {
  const sums = new Map<string, bigint>();
  for (const { event_name, properties = {}, verified = true } of events) {
    if (properties.revenue === undefined || !(verified || countsUnverified)) continue;
    const amount = toMillionths(properties.revenue);
    const size = amount < 0n ? -amount : amount;
    const code = properties.currency ?? currency;
    sums.set(code, (sums.get(code) ?? 0n) + (event_name === 'refund' ? -size : amount));
  }
  return {
    revenue: writeMoney(sums.get(currency) ?? 0n, currency),
    revenue_by_currency: Object.fromEntries([...sums].map(([code, sum]) => [code, writeMoney(sum, code)])),
  };
}

/** Computes what `daily` must answer for one app's events by simple counting. Repeated ids count once. */
export function recountDaily(sent: readonly PlainEvent[], query: ReferenceQuery): ReferenceDay[] {
  const { timezone, start, end, filters = {} } = query;
  const firstSeen = new Map<string, number>();
  const byDate = new Map<string, PlainEvent[]>();
  for (const event of dedupe(sent)) {
    const at = Date.parse(event.timestamp);
    firstSeen.set(event.app_user_id, Math.min(at, firstSeen.get(event.app_user_id) ?? at));
    if (!matches(event, filters)) continue;
    const date = localDate(timezone, at);
    byDate.set(date, [...(byDate.get(date) ?? []), event]);
  }
  const isNewOn = (user: string, date: string) => localDate(timezone, firstSeen.get(user) ?? 0) === date;
  return listDates(start, end).map((date) => {
    const events = byDate.get(date) ?? [];
    const users = new Set(events.map((event) => event.app_user_id));
    const sessions = events.filter((event) => event.session_id);
    return {
      date,
      dau: users.size,
      new_users: [...users].filter((user) => isNewOn(user, date)).length,
      sessions: new Set(sessions.map((event) => JSON.stringify([event.app_user_id, event.session_id]))).size,
      events: events.length,
      ...sumMoney(events, query),
    };
  });
}

/** Computes what `live` must answer for one app's events at `nowMs`. */
export function recountLive(
  sent: readonly PlainEvent[],
  { timezone, currency, nowMs }: { timezone: string; currency: string; nowMs: number },
) {
  const today = localDate(timezone, nowMs);
  const [day] = recountDaily(sent, { timezone, currency, start: today, end: today });
  const aged = dedupe(sent).map((event) => ({ ...event, ageMs: nowMs - Date.parse(event.timestamp) }));
  const within = (fromMinutes: number, toMinutes: number) =>
    aged.filter(({ ageMs }) => ageMs >= fromMinutes * 60_000 && ageMs < toMinutes * 60_000);
  const users = (events: readonly PlainEvent[]) => new Set(events.map((event) => event.app_user_id)).size;
  const names = new Map<string, number>();
  for (const { event_name } of within(0, 30)) names.set(event_name, (names.get(event_name) ?? 0) + 1);
  return {
    active_users_5m: users(within(0, 5)),
    active_users_30m: users(within(0, 30)),
    dau_today: day?.dau,
    revenue_today: day?.revenue,
    events_per_minute: Array.from({ length: 30 }, (_, index) => within(29 - index, 30 - index).length),
    top_events: [...names]
      .map(([event_name, events]) => ({ event_name, events }))
      .sort((a, b) => b.events - a.events || (a.event_name < b.event_name ? -1 : 1))
      .slice(0, 10),
  };
}
