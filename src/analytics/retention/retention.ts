import { type Static, Type } from 'typebox';
import type { Caller } from '../../api/caller.ts';
import { validationFailed } from '../../api/errors.ts';
import type { App } from '../../directory/app.ts';
import { type Day, type DayRange, formatDay } from '../../lib/calendar.ts';
import { closedObject, component, nullable } from '../../lib/schema.ts';
import { dayAt } from '../../lib/zone-offsets.ts';
import { RETENTION_DEFINITIONS } from '../definitions.ts';
import { describeQuery, META_FIELDS } from '../meta.ts';
import { describeMove, INTERVALS, type Interval, listPeriods, startOfPeriod } from '../periods.ts';
import { type AnalyticsServices, COMMON_QUERY, parseQueryScope, type QueryServices } from '../query.ts';
import { parseDayRange, RANGE_QUERY } from '../range.ts';
import { RETURN_RULES, type RetentionQuery, type ReturnRule, retentionSql } from './retention-sql.ts';

const PERIODS_DEFAULT = 14;
const PERIODS_MAX = 52;

/** Query parameters of retention. */
export const RETENTION_QUERY = closedObject({
  ...COMMON_QUERY,
  ...RANGE_QUERY,
  interval: Type.Optional(
    Type.Enum([...INTERVALS], {
      description:
        'Length of a period (default: `day`). Weeks start on Monday, months are calendar months. A range that starts inside a period is moved back to its first day.',
    }),
  ),
  periods: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PERIODS_MAX,
      description: `Number of later periods to report for each cohort (default ${PERIODS_DEFAULT}).`,
    }),
  ),
  return: Type.Optional(
    Type.Enum([...RETURN_RULES], {
      description:
        '`on` (default) counts people who were active in the period; `on_or_after` those who were active in it or in any later one until now.',
    }),
  ),
});

const COHORT_JSON = component(
  'RetentionCohort',
  closedObject({
    cohort: Type.String({ format: 'date', description: 'First day of the period.' }),
    size: Type.Integer({ minimum: 0, description: 'People whose first event ever was in this period.' }),
    users: Type.Array(nullable(Type.Integer({ minimum: 0 })), {
      description:
        'How many of them were active in each period after it; the first entry is the cohort itself. null for periods that have not ended.',
    }),
    rate: Type.Array(nullable(Type.Number({ minimum: 0, maximum: 1 })), {
      description: '`users` as part of `size`; null also for a cohort without people.',
    }),
  }),
);

/** Answer of retention. */
export const RETENTION_ANSWER = component(
  'RetentionReport',
  closedObject({
    data: Type.Array(COHORT_JSON, { description: 'Every period that starts in the range, oldest first.' }),
    meta: closedObject({
      ...META_FIELDS,
      start: Type.String({ format: 'date', description: 'First day of the first cohort.' }),
      end: Type.String({ format: 'date', description: 'Last day of the range.' }),
      interval: Type.Enum([...INTERVALS], { description: 'Length of a period.' }),
      periods: Type.Integer({ description: 'Number of later periods.' }),
      return: Type.Enum([...RETURN_RULES], { description: 'Which later periods someone counts in.' }),
      moved: nullable(Type.String(), {
        description: 'Says so if the range was moved back to the start of a period; otherwise null.',
      }),
    }),
  }),
);

type Query = Static<typeof RETENTION_QUERY>;
type Answer = Static<typeof RETENTION_ANSWER>;

/** The periods to report, as of the local day `today`. */
type Plan = { interval: Interval; periods: number; rule: ReturnRule; today: Day };

/** Returns the cohorts of the range. Throws 403, 422, StorageError. */
export async function answerRetention(
  services: AnalyticsServices,
  caller: Caller,
  app: App | undefined,
  query: Query,
  signal: AbortSignal,
): Promise<Answer> {
  const nowMs = services.clock.now();
  const scope = parseQueryScope(services, caller, app, query);
  const today = dayAt(scope.timezone, nowMs);
  const days = parseDayRange(query, today);
  if ('errors' in days) throw validationFailed(days.errors);
  const { interval = 'day', periods = PERIODS_DEFAULT, return: rule = 'on' } = query;
  const plan = { interval, periods, rule, today };
  const starts = listPeriods(interval, days.range);
  const { range, cohortsLast } = spanDays(starts, plan);
  const counts = await countReturns(
    services,
    { query: { ...scope, range }, cohortsLast, interval, rule },
    signal,
  );
  return {
    data: starts.map((start, index) => toCohort(start, counts.get(index) ?? new Map(), plan)),
    meta: {
      ...describeQuery(scope, RETENTION_DEFINITIONS, nowMs),
      start: formatDay(range.first),
      end: formatDay(days.range.last),
      interval,
      periods,
      return: rule,
      moved: describeMove(interval, days.range.first) ?? null,
    },
  };
}

/** Returns the last day of the last cohort, and the days from the first cohort to the last activity that counts. */
function spanDays(
  starts: readonly Day[],
  { interval, periods, rule, today }: Plan,
): { range: DayRange; cohortsLast: Day } {
  const [first = today] = starts;
  const last = starts.at(-1) ?? first;
  const cohortsLast = startOfPeriod(interval, last, 1) - 1;
  const reported = startOfPeriod(interval, last, periods + 1) - 1;
  const activeLast = rule === 'on' ? Math.min(reported, today) : today;
  return { range: { first, last: Math.max(cohortsLast, activeLast) }, cohortsLast };
}

/** Returns the people by the index of their cohort and the number of periods after it. */
async function countReturns(
  { warehouse, rollups }: QueryServices,
  query: RetentionQuery,
  signal: AbortSignal,
): Promise<Map<number, Map<number, number>>> {
  const { sql, params } = retentionSql(rollups, query);
  const rows = await warehouse.query<{ cohort: string; later: string; people: string }>(sql, params, {
    signal,
    isLight: true,
  });
  const cohorts = Map.groupBy(rows, ({ cohort }) => Number(cohort));
  return new Map(
    [...cohorts].map(([cohort, of]) => [
      cohort,
      new Map(of.map(({ later, people }) => [Number(later), Number(people)])),
    ]),
  );
}

function toCohort(
  start: Day,
  counts: ReadonlyMap<number, number>,
  { interval, periods, rule, today }: Plan,
): Answer['data'][number] {
  const size = counts.get(0) ?? 0;
  const countIn = (later: number) => {
    if (rule === 'on') return counts.get(later) ?? 0;
    const reached = [...counts].filter(([last]) => last >= later);
    return reached.reduce((total, [, people]) => total + people, 0);
  };
  const users = Array.from({ length: periods + 1 }, (_, later) => {
    if (later === 0) return size;
    return startOfPeriod(interval, start, later + 1) <= today ? countIn(later) : null;
  });
  const rate = users.map((count) => (count === null || size === 0 ? null : count / size));
  return { cohort: formatDay(start), size, users, rate };
}
