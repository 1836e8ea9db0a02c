import type { Rollups } from '../../rollups/rollups.ts';
import { daySql } from '../../warehouse/day-sql.ts';
import type { BoundSql } from '../../warehouse/event-sql.ts';
import { selectActiveUsers, selectFirstSeen } from '../count-new-users.ts';
import { type Interval, listPeriods, periodSql } from '../periods.ts';
import { groupedAppSql, withPersonSql } from '../person-sql.ts';
import type { AnalyticsQuery } from '../query.ts';

/** Which later periods someone counts in: those with activity, or all up to the last one with activity. */
export const RETURN_RULES = ['on', 'on_or_after'] as const;

/** Which later periods someone counts in. */
export type ReturnRule = (typeof RETURN_RULES)[number];

/**
 * What to count. The query's range spans all cohorts and all activity that counts; its first day is the first cohort, and
 * the last cohort ends on `cohortsLast`.
 */
export type RetentionQuery = {
  query: AnalyticsQuery;
  cohortsLast: number;
  interval: Interval;
  rule: ReturnRule;
};

/** The number of periods from the first cohort to a day. */
const periodsSince = (interval: Interval, day: string) =>
  `${periodSql(interval, day)} - ${periodSql(interval, '{first_day:Int32}')}`;

/** Periods that the bits of a number can stand for. */
const BITS = 64;

/** SQL that collects the periods of rows with `period`, merges what was collected as `periods`, and lists what was merged. */
type Collecting = { collect: string; merge: string; list: string };

const IN_BITS: Collecting = {
  collect: 'groupBitOr(bitShiftLeft(toUInt64(1), toUInt64(period)))',
  merge: 'groupBitOr(periods)',
  list: 'bitPositionsToArray(periods)',
};
const IN_LISTS: Collecting = {
  collect: 'groupUniqArray(period)',
  merge: 'groupUniqArrayArray(periods)',
  list: 'periods',
};
const LAST: Collecting = { collect: 'max(period)', merge: 'max(periods)', list: '[periods]' };

/**
 * Returns SQL that returns how many people (`people`) of each cohort (`cohort`, 0 is the first) were active `later` periods
 * after it; with `on_or_after`, `later` is the last period in which they were. 0 counts all people of the cohort.
 */
export function retentionSql(
  rollups: Rollups,
  { query, cohortsLast, interval, rule }: RetentionQuery,
): BoundSql {
  const cohorts = cohortSql(query, interval);
  const inBits = listPeriods(interval, query.range).length <= BITS;
  const collecting = rule === 'on_or_after' ? LAST : inBits ? IN_BITS : IN_LISTS;
  const active = activePeriodsSql(rollups, { query, interval }, collecting);
  return {
    sql: `SELECT cohort, later, count() AS people FROM (
        SELECT cohort, arrayJoin(arrayConcat([toInt64(0)],
          arrayFilter(later -> later > 0, arrayMap(period -> toInt64(period) - cohort, ${collecting.list})))) AS later
        FROM (${cohorts.sql}) AS cohorts LEFT JOIN (${active.sql}) AS active ON cohorts.person = active.person
      ) GROUP BY cohort, later`,
    params: { ...cohorts.params, ...active.params, cohorts_last: cohortsLast },
  };
}

/** SQL that returns the `periods` of each `person`. Groups by user first: there are fewer users than days with activity. */
function activePeriodsSql(
  rollups: Rollups,
  { query, interval }: Pick<RetentionQuery, 'query' | 'interval'>,
  { collect, merge }: Collecting,
): BoundSql {
  const active = selectActiveUsers(rollups, query);
  const { column, group } = groupedAppSql(query);
  const users = withPersonSql(query, {
    sql: `SELECT ${column.sql}, user, ${collect} AS periods
      FROM (SELECT ${group}user, ${periodsSince(interval, 'day')} AS period FROM (${active.sql})) GROUP BY ${group}user`,
    params: { ...active.params, ...column.params },
  });
  return {
    sql: `SELECT person, ${merge} AS periods FROM (${users.sql}) GROUP BY person`,
    params: users.params,
  };
}

/** SQL that returns each `person` whose first event ever is in a cohort, and its `cohort`. */
function cohortSql(query: AnalyticsQuery, interval: Interval): BoundSql {
  const firstSeen = selectFirstSeen(query);
  const day = daySql(query, 'first');
  return {
    sql: `SELECT person, toInt64(${periodsSince(interval, 'day')}) AS cohort
      FROM (SELECT person, ${day.sql} AS day FROM (${firstSeen.sql}))
      WHERE day BETWEEN {first_day:Int32} AND {cohorts_last:Int32}`,
    params: { ...firstSeen.params, ...day.params, first_day: query.range.first },
  };
}
