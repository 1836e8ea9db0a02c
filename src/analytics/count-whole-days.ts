import type { Day } from '../lib/calendar.ts';
import { type FoundDays, NEW_LINKS_MAX, type RolledDay } from '../rollups/app-days.ts';
import { type RolledDays, selectLinked } from './activity-rows.ts';
import { withPersonSql } from './person-sql.ts';
import type { AnalyticsQuery, QueryServices } from './query.ts';

const TOTALS = { dau: 'users', sessions: 'sessions', events: 'events' } as const;

/** A metric that is counted over the events of a day. */
export type ActivityMetric = keyof typeof TOTALS;

/** The counts of each day that has events. */
export type DayCounts = Map<Day, Partial<Record<ActivityMetric, number>>>;

/** Days without events outside their rollup, and the others. */
type SplitDays = { whole: Map<Day, WholeDay>; rest: FoundDays };

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
  const { rolled, changed, newLinks } = found;
  if (newLinks.length > NEW_LINKS_MAX) return undefined;
  const isWhole = (entry: [Day, RolledDay]): entry is [Day, WholeDay] =>
    entry[1].totals !== undefined && !changed.has(entry[0]);
  return {
    whole: new Map([...rolled].filter(isWhole)),
    rest: { rolled: new Map([...rolled].filter((entry) => !isWhole(entry))), changed, newLinks },
  };
}

/** How much more the totals count than there is, over days and persons: `ids` are the user and the sessions of each of their IDs. */
const COUNTED_TWICE = {
  dau: 'sum(length(ids) - 1)',
  sessions: 'sum(length(arrayFlatten(ids.2)) - length(arrayDistinct(arrayFlatten(ids.2))))',
} as const;

/** Returns the exact counts of days whose totals are known. Throws StorageError. */
export async function countWholeDays(
  { warehouse }: Pick<QueryServices, 'warehouse'>,
  query: AnalyticsQuery,
  { whole, rest, metrics }: SplitDays & { metrics: readonly ActivityMetric[] },
  signal: AbortSignal,
): Promise<DayCounts> {
  const counts: DayCounts = new Map();
  for (const [day, { totals }] of whole) {
    if (totals.events === 0) continue;
    counts.set(day, Object.fromEntries(metrics.map((metric) => [metric, totals[TOTALS[metric]]])));
  }
  const ofPersons = metrics.filter((metric) => metric !== 'events');
  if (!query.hasLinks || ofPersons.length === 0 || counts.size === 0) return counts;
  const rows = withPersonSql(query, selectLinked(query, whole, rest.newLinks));
  const twice = await warehouse.query<{ day: Day } & Partial<Record<ActivityMetric, string>>>(
    `SELECT day, ${ofPersons.map((metric) => `${COUNTED_TWICE[metric]} AS ${metric}_twice`).join(', ')}
    FROM (
      SELECT day, arrayDistinct(groupArray((user, sessions))) AS ids FROM (${rows.sql}) GROUP BY day, person HAVING count() > 1
    ) GROUP BY day`,
    rows.params,
    { signal, isLight: true },
  );
  for (const row of twice) {
    const count = counts.get(row.day);
    if (count === undefined) continue;
    for (const metric of ofPersons)
      count[metric] = (count[metric] ?? 0) - Number(row[`${metric}_twice` as ActivityMetric]);
  }
  return counts;
}
