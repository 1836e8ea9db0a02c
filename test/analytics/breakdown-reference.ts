import {
  APP_PLATFORM,
  dedupe,
  localDate,
  matches,
  type PlainEvent,
  type ReferenceFilters,
  sumMoney,
} from './reference.ts';

/** What `recountBreakdown` computes. */
export type BreakdownQuery = {
  by: string;
  metric: 'events' | 'users' | 'revenue';
  limit: number;
  timezone: string;
  currency: string;
  start: string;
  end: string;
  filters?: ReferenceFilters;
};

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function readValue(event: PlainEvent, by: string): string | null {
  if (by === 'event_name') return event.event_name;
  if (!by.startsWith('property:')) {
    const given = (event.context as Record<string, string> | undefined)?.[by];
    return given || (by === 'platform' ? APP_PLATFORM : null);
  }
  const properties = (event.properties ?? {}) as Record<string, unknown>;
  const name = by.slice('property:'.length);
  return Object.hasOwn(properties, name) ? asText(properties[name]) : null;
}

/** Compares two values by their UTF-8 bytes, null last. */
function compareValues(one: string | null, other: string | null): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

const share = (part: number, whole: number) =>
  whole > 0 && part >= 0 && part <= whole ? part / whole : null;

/** Computes what `breakdown` must answer for one app's events by simple counting. */
export function recountBreakdown(sent: readonly PlainEvent[], query: BreakdownQuery) {
  const { by, metric, limit, timezone, start, end, filters = {} } = query;
  const events = dedupe(sent).filter((event) => {
    const date = localDate(timezone, Date.parse(event.timestamp));
    const isEarning = metric !== 'revenue' || event.properties?.revenue !== undefined;
    return date >= start && date <= end && matches(event, filters) && isEarning;
  });
  const measure = (some: readonly PlainEvent[]) => {
    if (metric === 'revenue') return sumMoney(some, query);
    const users = new Set(some.map(({ app_user_id }) => app_user_id)).size;
    return metric === 'events' ? { events: some.length } : { users };
  };
  const sizeOf = (some: readonly PlainEvent[]) => Number(Object.values(measure(some))[0]);
  const whole = sizeOf(events);
  const withShare = (some: readonly PlainEvent[]) => ({
    ...measure(some),
    share: share(sizeOf(some), whole),
  });
  const ranked = [...Map.groupBy(events, (event) => readValue(event, by))].sort(
    ([one, ofOne], [other, ofOther]) => sizeOf(ofOther) - sizeOf(ofOne) || compareValues(one, other),
  );
  return {
    data: ranked.slice(0, limit).map(([value, some]) => ({ value, ...withShare(some) })),
    other: withShare(ranked.slice(limit).flatMap(([, some]) => some)),
  };
}
