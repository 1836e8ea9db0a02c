import type { Day } from '../lib/calendar.ts';
import type { FoundDays, RolledDay } from '../rollups/app-days.ts';
import { type RolledDays, selectLinked } from './activity-rows.ts';
import { withPersonSql } from './person-sql.ts';
import type { AnalyticsQuery, QueryServices } from './query.ts';

const TOTALS = { dau: 'users', sessions: 'sessions', events: 'events' } as const;

/** A metric that is counted over the events of a day. */
export type ActivityMetric = keyof typeof TOTALS;

/** The counts of each day that has events. */
export type DayCounts = Map<Day, Partial<Record<ActivityMetric, number>>>;

/** Days without events outside their rollup, and how to find the others, if there are any. */
export type SplitDays = Pick<FoundDays, 'newLinks' | 'linkRevision'> & {
  whole: Map<Day, WholeDay>;
  rest: RolledDays | undefined;
};

type WholeDay = Required<RolledDay>;

/**
 * Returns the days of a query whose totals are known, because they are rolled up, have not changed since and the query counts all of the
 * day. Undefined if there are none: with filters, or for several apps, whose users may be the same.
 */
export function findWholeDays(rollups: RolledDays, query: AnalyticsQuery): SplitDays | undefined {
  const [app, ...others] = query.apps;
  if (others.length > 0 || Object.keys(query.filters).length > 0) return undefined;
  const found = rollups.find(app, query.timezone, query.range);
  if (found === undefined) return undefined;
  const { changed, newLinks, linkRevision } = found;
  const isWhole = (entry: [Day, RolledDay]): entry is [Day, WholeDay] =>
    entry[1].totals !== undefined && !changed.has(entry[0]);
  const rolled = new Map([...found.rolled].filter((entry) => !isWhole(entry)));
  return {
    whole: new Map([...found.rolled].filter(isWhole)),
    rest: rolled.size + changed.size === 0 ? undefined : { find: () => ({ ...found, rolled }) },
    newLinks,
    linkRevision,
  };
}

/** Returns the exact counts of days whose totals are known. Throws StorageError. */
export async function countWholeDays(
  { warehouse }: Pick<QueryServices, 'warehouse'>,
  query: AnalyticsQuery,
  split: SplitDays & { newLinks: readonly string[] },
  metrics: readonly ActivityMetric[],
  signal: AbortSignal,
): Promise<DayCounts> {
  const needsPersons = query.hasLinks && metrics.some((metric) => metric !== 'events');
  if (needsPersons) await countRepeated({ warehouse }, query, split, signal);
  const counts: DayCounts = new Map();
  for (const [day, rolled] of split.whole) {
    const { totals } = rolled;
    if (totals.events === 0) continue;
    const { dau = 0, sessions = 0 } = (needsPersons && repeated.get(rolled)) || {};
    const exact = { dau: totals.users - dau, sessions: totals.sessions - sessions, events: totals.events };
    counts.set(day, Object.fromEntries(metrics.map((metric) => [metric, exact[metric]])));
  }
  return counts;
}

/** How much more the totals of a day count than there is, because persons have several IDs, as of a `linkRevision`. */
type Repeated = { dau: number; sessions: number; linkRevision: number };

/** Known until the day is derived again. */
const repeated = new WeakMap<WholeDay, Repeated>();

/** Counts what is not known yet. `ids` are the user and the sessions of each ID of a person. */
async function countRepeated(
  { warehouse }: Pick<QueryServices, 'warehouse'>,
  query: AnalyticsQuery,
  { whole, newLinks, linkRevision }: SplitDays & { newLinks: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const unknown = new Map([...whole].filter(([, day]) => repeated.get(day)?.linkRevision !== linkRevision));
  if (unknown.size === 0) return;
  const linked = withPersonSql(query, selectLinked(query, unknown, newLinks));
  const rows = await warehouse.query<{ day: Day; dau: string; sessions: string }>(
    `SELECT day, sum(length(ids) - 1) AS dau,
      sum(length(arrayFlatten(ids.2)) - length(arrayDistinct(arrayFlatten(ids.2)))) AS sessions
    FROM (
      SELECT day, arrayDistinct(groupArray((user, sessions))) AS ids FROM (${linked.sql}) GROUP BY day, person HAVING count() > 1
    ) GROUP BY day`,
    linked.params,
    { signal, isLight: true },
  );
  const counted = new Map(rows.map((row) => [row.day, row]));
  for (const [day, rolled] of unknown) {
    const { dau = 0, sessions = 0 } = counted.get(day) ?? {};
    // A query that started after a later link may have finished first.
    if ((repeated.get(rolled)?.linkRevision ?? 0) > linkRevision) continue;
    repeated.set(rolled, { dau: Number(dau), sessions: Number(sessions), linkRevision });
  }
}
