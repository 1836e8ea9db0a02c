import type { Rollups } from '../../rollups/rollups.ts';
import { daySql } from '../../warehouse/day-sql.ts';
import type { BoundSql } from '../../warehouse/event-sql.ts';
import { selectActive, selectFirstSeen } from '../count-new-users.ts';
import { type Interval, periodSql } from '../periods.ts';
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

/**
 * Returns SQL that returns how many people (`people`) of each cohort (`cohort`, 0 is the first) were active `later` periods
 * after it; with `on_or_after`, `later` is the last period in which they were. 0 counts all people of the cohort.
 */
export function retentionSql(
  rollups: Rollups,
  { query, cohortsLast, interval, rule }: RetentionQuery,
): BoundSql {
  const cohorts = cohortSql(query, interval);
  const active = selectActive(rollups, query);
  const period = periodsSince(interval, 'day');
  const periods = rule === 'on' ? `groupUniqArray(${period})` : `[max(${period})]`;
  return {
    sql: `SELECT cohort, later, count() AS people FROM (
        SELECT cohort, arrayJoin(arrayConcat([toInt64(0)],
          arrayFilter(later -> later > 0, arrayMap(period -> toInt64(period) - cohort, periods)))) AS later
        FROM (${cohorts.sql}) AS cohorts
        LEFT JOIN (SELECT person, ${periods} AS periods FROM (${active.sql}) GROUP BY person) AS active
        ON cohorts.person = active.person
      ) GROUP BY cohort, later`,
    params: { ...cohorts.params, ...active.params, cohorts_last: cohortsLast },
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
