import {
  APP_PLATFORM,
  dedupe,
  localDate,
  matches,
  type PlainEvent,
  type ReferenceFilters,
} from './reference.ts';

type Where = { property: string; op: string; value?: string };

/** What `recountFunnel` computes: the body of the query. */
export type FunnelParameters = {
  start: string;
  end: string;
  timezone: string;
  steps: { event_name: string; where?: Where[] }[];
  window_seconds: number;
  order: 'sequential' | 'any';
  filters?: ReferenceFilters;
  breakdown?: string;
};

type Marked = { at: number; steps: boolean[]; isInRange: boolean; value: string | null };

/** How far someone got: when each step was reached, when it started, and with which events. */
type Found = { reached: number[]; start: number; values: (string | null)[] };

function readValue(event: PlainEvent, name: string): string | undefined {
  const context = { platform: APP_PLATFORM, ...event.context } as Record<string, string | undefined>;
  if (['platform', 'country', 'app_version'].includes(name)) return context[name] || undefined;
  const properties = (event.properties ?? {}) as Record<string, unknown>;
  const property = name.replace(/^property:/, '');
  if (!Object.hasOwn(properties, property)) return undefined;
  const value = properties[property];
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function meets(event: PlainEvent, { property, op, value = '' }: Where): boolean {
  const found = readValue(event, property);
  const number = found !== undefined && /^-?\d+(\.\d+)?$/.test(found) ? Number(found) : Number.NaN;
  if (op === 'is') return found === value;
  if (op === 'is_not') return found !== value;
  if (op === 'contains') return found?.includes(value) ?? false;
  if (op === 'exists') return found !== undefined;
  return op === 'gt' ? number > Number(value) : number < Number(value);
}

/** Calls `visit` with the times of every choice of different events for the steps, one more step each time. */
function choose(
  events: readonly Marked[],
  stepCount: number,
  isAllowed: (times: readonly number[]) => boolean,
  visit: (times: readonly number[], chosen: ReadonlySet<Marked>) => void,
  times: readonly number[] = [],
  chosen: ReadonlySet<Marked> = new Set(),
): void {
  if (times.length === stepCount) return;
  for (const event of events) {
    if (!event.steps[times.length] || chosen.has(event)) continue;
    const next = [...times, event.at];
    if (!isAllowed(next)) continue;
    const used = new Set([...chosen, event]);
    visit(next, used);
    choose(events, stepCount, isAllowed, visit, next, used);
  }
}

/** Whether one attempt is better: more steps, then there first, then started last. */
function isBetter(one: Found, other: Found | undefined): boolean {
  if (!other || one.reached.length !== other.reached.length)
    return one.reached.length > (other?.reached.length ?? 0);
  const [last, otherLast] = [one.reached.at(-1) ?? 0, other.reached.at(-1) ?? 0];
  return last < otherLast || (last === otherLast && one.start > other.start);
}

function findBest(events: readonly Marked[], query: FunnelParameters): Found | undefined {
  const windowMs = query.window_seconds * 1_000;
  const isAny = query.order === 'any';
  const stepCount = query.steps.length;
  let best: Found | undefined;
  for (const start of new Set(events.filter(({ isInRange }) => isInRange).map(({ at }) => at))) {
    const near = events.filter(({ at }) => at >= start && at <= start + windowMs);
    const reached: number[] = [];
    let level = 0;
    const isOrdered = (times: readonly number[]) =>
      times[0] === start && times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0));
    choose(near, stepCount, isAny ? () => true : isOrdered, (times) => {
      const index = times.length - 1;
      reached[index] = Math.min(reached[index] ?? Number.POSITIVE_INFINITY, Math.max(...times));
      if (Math.min(...times) === start) level = Math.max(level, times.length);
    });
    // In any order, the earliest event of the steps has to be the start.
    const useful = near.filter(
      ({ at, isInRange, steps }) =>
        at === start && isInRange && steps.slice(0, isAny ? level : 1).some(Boolean),
    );
    const found = { reached: reached.slice(0, level), start, values: useful.map(({ value }) => value) };
    if (level > 0 && isBetter(withCompletion(near, found, stepCount, isAny), best))
      best = withCompletion(near, found, stepCount, isAny);
  }
  return best;
}

/** In any order, an attempt is complete when a choice that uses the start is. */
function withCompletion(near: readonly Marked[], found: Found, stepCount: number, isAny: boolean): Found {
  if (!isAny) return found;
  let complete = Number.POSITIVE_INFINITY;
  choose(
    near,
    stepCount,
    () => true,
    (times) => {
      if (times.length === found.reached.length && Math.min(...times) === found.start)
        complete = Math.min(complete, Math.max(...times));
    },
  );
  return { ...found, reached: [...found.reached.slice(0, -1), complete] };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const half = Math.floor(sorted.length / 2);
  const high = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[half - 1] ?? 0) + high) / 2;
}

function toRows(all: readonly Found[], { steps, order }: FunnelParameters) {
  return steps.map(({ event_name }, step) => {
    const users = all.filter(({ reached }) => reached.length > step);
    const previous = all.filter(({ reached }) => reached.length > step - 1).length;
    const wait = ({ reached, start }: Found) =>
      (reached[step] ?? 0) - (order === 'any' ? start : (reached[step - 1] ?? 0));
    const seconds = step === 0 ? null : median(users.map((found) => wait(found)));
    return {
      event_name,
      users: users.length,
      conversion: all.length === 0 ? null : users.length / all.length,
      conversion_from_previous: step === 0 || previous === 0 ? null : users.length / previous,
      median_seconds: seconds === null ? null : seconds / 1_000,
    };
  });
}

/** Computes what `funnel` must answer by trying every choice of events. `personOf` returns the person of an event. */
export function recountFunnel(
  sent: readonly PlainEvent[],
  query: FunnelParameters,
  personOf: (event: PlainEvent) => string = ({ app_user_id }) => app_user_id,
) {
  const people = Map.groupBy(
    dedupe(sent).filter((event) => matches(event, query.filters ?? {})),
    personOf,
  );
  const found = [...people.values()].flatMap((events) => {
    const marked = events.map((event): Marked => {
      const date = localDate(query.timezone, Date.parse(event.timestamp));
      return {
        at: Date.parse(event.timestamp),
        steps: query.steps.map(
          ({ event_name, where = [] }) =>
            event.event_name === event_name && where.every((one) => meets(event, one)),
        ),
        isInRange: date >= query.start && date <= query.end,
        value: query.breakdown === undefined ? null : (readValue(event, query.breakdown) ?? null),
      };
    });
    return findBest(marked, query) ?? [];
  });
  if (query.breakdown === undefined) return { data: toRows(found, query) };
  const byValue = Map.groupBy(found, ({ values }) => values[0] ?? null);
  return {
    data: [...byValue].map(([value, all]) => ({ value, steps: toRows(all, query) })),
    other: { steps: toRows([], query) },
  };
}
