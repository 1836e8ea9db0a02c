import type { App } from '../directory/app.ts';
import type { Day, DayRange } from '../lib/calendar.ts';
import type { FoundDays } from '../rollups/app-days.ts';
import type { Rollups } from '../rollups/rollups.ts';
import { daySql, timeCondition } from '../warehouse/day-sql.ts';
import { type BoundSql, REVENUE_SQL, revenueCondition } from '../warehouse/event-sql.ts';
import { USER_SQL } from './person-sql.ts';
import { type AnalyticsQuery, FILTERS } from './query.ts';
import { allOf, columnCondition, queryCondition, userPropertyCondition } from './query-sql.ts';

/** SQL of the rows of a query, and the days of which a user may have several rows in one app. */
export type ActivityRows = BoundSql & { repeatedDays: readonly Day[] };

/** Which days are rolled up. */
export type RolledDays = Pick<Rollups, 'find'>;

/** A rollup table: its columns beside the app and the day, and the same from events. */
type Source = {
  table: string;
  rolled: string;
  raw: string;
  /** Groups the raw rows; without, each event is a row. */
  groupBy?: string;
  /** More conditions on the raw and on the rolled rows. */
  conditions?: { raw: BoundSql; rolled: BoundSql };
};

const USERS: Source = {
  table: 'user_days',
  rolled: 'user, toUInt64(events) AS events, sessions',
  raw: `${USER_SQL} AS user, count() AS events, groupUniqArrayIf(sipHash64(session_id), session_id != '') AS sessions`,
  groupBy: 'app_id, day, user',
};

/** Only rolled. */
const LINKED: Omit<Source, 'table'> = { rolled: 'user, sessions', raw: '' };

const VALUES: Source = {
  table: 'user_day_values',
  rolled: `user, toUInt64(events) AS events, ${FILTERS.join(', ')}`,
  raw: `${USER_SQL} AS user, toUInt64(1) AS events, ${FILTERS.join(', ')}`,
};

/**
 * Returns SQL of rows `(app_id, day, user, events, sessions)`: who was active on which days of the query, with how many events,
 * and the hashes of their sessions. From rollups where they are current, and from the events elsewhere.
 */
export function selectActivity(rollups: RolledDays, query: AnalyticsQuery): ActivityRows {
  // Sessions of the events that match are only in the events.
  const hasFilters = FILTERS.some((name) => query.filters[name]);
  return selectRows(hasFilters ? undefined : rollups, query, USERS);
}

/**
 * Returns SQL of rows `(app_id, day, user, events)` and the columns that queries filter by: a user has several rows per day.
 * From rollups where they are current, and from the events elsewhere.
 */
export function selectValues(rollups: RolledDays, query: AnalyticsQuery): BoundSql {
  return selectRows(rollups, query, VALUES);
}

/** Returns SQL of rows `(app_id, day, currency, amount)` and the columns that queries filter by: the revenue of the query. */
export function selectRevenue(rollups: RolledDays, query: AnalyticsQuery): BoundSql {
  const columns = `currency, ${FILTERS.join(', ')}`;
  const isVerified = query.includesUnverifiedRevenue ? '' : 'verified = 1';
  const source: Source = {
    table: 'revenue_days',
    rolled: `amount, ${columns}`,
    raw: `CAST(${REVENUE_SQL} AS Decimal(38, 6)) AS amount, ${columns}`,
    conditions: {
      raw: { sql: revenueCondition(query.includesUnverifiedRevenue), params: {} },
      rolled: { sql: isVerified, params: {} },
    },
  };
  // Revenue is rolled up for all users together.
  return selectRows(query.filters.user_property ? undefined : rollups, query, source);
}

/**
 * Returns SQL of rows `(app_id, day, user, sessions)` of users who may share their person with others, on days of one app that are
 * rolled up; rows of the IDs in `newLinks` may be missing in `linked_days`. After a copy of unknown outcome, a row may be there twice.
 */
export function selectLinked(
  query: AnalyticsQuery,
  rolled: FoundDays['rolled'],
  newLinks: readonly string[],
): BoundSql {
  const [app] = query.apps;
  const found = [{ app, days: { rolled, changed: new Map() } }];
  const select = (table: string, condition: string) => {
    const part = { sql: condition, params: {} };
    return selectRolled(query, { ...LINKED, table, conditions: { raw: part, rolled: part } }, found);
  };
  const isNew = (not: string) => `user ${not} IN (SELECT sipHash64(arrayJoin({new_links:Array(String)})))`;
  const selected =
    newLinks.length === 0
      ? [select('linked_days', '')]
      : [select('linked_days', isNew('NOT')), select('user_days', isNew(''))];
  const parts = selected.filter((part) => part !== undefined);
  return {
    sql: parts.map(({ sql }) => sql).join(' UNION ALL '),
    params: Object.assign(
      { project_id: app.projectId, new_links: newLinks },
      ...parts.map(({ params }) => params),
    ),
  };
}

function selectRows(rollups: RolledDays | undefined, query: AnalyticsQuery, source: Source): ActivityRows {
  const canBeRolled = rollups !== undefined && query.filters.property === undefined;
  const found = query.apps.map((app) => ({
    app,
    days: canBeRolled ? rollups.find(app, query.timezone, query.range) : undefined,
  }));
  const parts = [selectRolled(query, source, found), selectRaw(query, source, found)].filter(
    (part) => part !== undefined,
  );
  const first = query.apps[0];
  return {
    sql: parts.map(({ sql }) => sql).join(' UNION ALL '),
    params: Object.assign({ project_id: first.projectId }, ...parts.map(({ params }) => params)),
    // Of other days, either the rollup or the events have rows.
    repeatedDays: parts.length === 1 ? [] : found.flatMap(({ days }) => [...(days?.changed.keys() ?? [])]),
  };
}

type FoundApp = { app: App; days: Pick<FoundDays, 'rolled' | 'changed'> | undefined };

/** Undefined if no app has rollups. */
function selectRolled(
  query: AnalyticsQuery,
  source: Source,
  found: readonly FoundApp[],
): BoundSql | undefined {
  const conditions = found.flatMap(({ app, days }, index) =>
    days === undefined ? [] : [rolledCondition(app, days.rolled, index)],
  );
  if (conditions.length === 0) return undefined;
  const rolled = found.flatMap(({ days }) => [...(days?.rolled.keys() ?? [])]);
  if (rolled.length === 0) rolled.push(NO_DAY);
  const where = allOf([
    { sql: 'project_id = {project_id:String}', params: {} },
    anyOf(conditions),
    {
      sql: 'day BETWEEN {rolled_first:Int32} AND {rolled_last:Int32}',
      params: { rolled_first: Math.min(...rolled), rolled_last: Math.max(...rolled) },
    },
    columnCondition(query),
    userPropertyCondition(query, 'user'),
    source.conditions?.rolled ?? { sql: '', params: {} },
  ]);
  return {
    sql: `SELECT app_id, day, ${source.rolled} FROM ${source.table} WHERE ${where.sql}`,
    params: where.params,
  };
}

function rolledCondition(app: App, rolled: FoundDays['rolled'], index: number): BoundSql {
  const versions = [...rolled.values()].map(({ version }) => version);
  return {
    sql: `app_id = {app_${index}:String} AND version = ${lookUpSql('version', index)}`,
    params: { [`app_${index}`]: app.id, ...lookUpParams('version', index, [...rolled.keys()], versions) },
  };
}

/** Undefined if the rollups contain everything. */
function selectRaw(query: AnalyticsQuery, source: Source, found: readonly FoundApp[]): BoundSql | undefined {
  const changed = found.flatMap(({ app, days }, index) => {
    if (days === undefined)
      return [{ condition: appCondition(app, index), days: [] as Day[], isWhole: true }];
    if (days.changed.size === 0) return [];
    return [
      {
        condition: changedCondition(app, days.changed, index),
        days: [...days.changed.keys()],
        isWhole: false,
      },
    ];
  });
  if (changed.length === 0) return undefined;
  const runs = changed.some(({ isWhole }) => isWhole)
    ? [query.range]
    : listRuns(changed.flatMap(({ days }) => days));
  const times = runs.map((range, index) => {
    const { sql, params } = timeCondition({ timezone: query.timezone, range }, `changed_${index}_`);
    return { sql: `(${sql})`, params };
  });
  const day = daySql(query, 'timestamp');
  const where = allOf([
    anyOf(times),
    anyOf(changed.map(({ condition }) => condition)),
    queryCondition(query),
    source.conditions?.raw ?? { sql: '', params: {} },
  ]);
  const group = source.groupBy === undefined ? '' : ` GROUP BY ${source.groupBy}`;
  return {
    sql: `SELECT app_id, ${day.sql} AS day, ${source.raw} FROM events WHERE ${where.sql}${group}`,
    params: { ...where.params, ...day.params },
  };
}

/** Days as ranges of adjacent ones, so that a late event of long ago does not make a query read everything since. */
function listRuns(days: readonly Day[]): DayRange[] {
  const runs: DayRange[] = [];
  for (const day of [...new Set(days)].sort((one, other) => one - other)) {
    const run = runs.at(-1);
    // Beyond RUNS_MAX, the last range covers what is left.
    if (run !== undefined && (day === run.last + 1 || runs.length === RUNS_MAX)) run.last = day;
    else runs.push({ first: day, last: day });
  }
  return runs;
}

const RUNS_MAX = 50;

const appCondition = (app: App, index: number): BoundSql => ({
  sql: `app_id = {app_${index}:String}`,
  params: { [`app_${index}`]: app.id },
});

function changedCondition(app: App, changed: FoundDays['changed'], index: number): BoundSql {
  const blocks = [...changed.values()];
  return {
    // The lowest of them, too: that is what an index finds.
    sql: `app_id = {app_${index}:String} AND has({block_days_${index}:Array(Int32)}, day) AND block > {block_min_${index}:UInt64}
      AND block > ${lookUpSql('block', index)}`,
    params: {
      [`app_${index}`]: app.id,
      [`block_min_${index}`]: Math.min(...blocks),
      ...lookUpParams('block', index, [...changed.keys()], blocks),
    },
  };
}

/** SQL for the number of a row's day, 0 if it has none. */
const lookUpSql = (name: string, index: number): string =>
  `transform(day, {${name}_days_${index}:Array(Int32)}, {${name}s_${index}:Array(UInt64)}, toUInt64(0))`;

const lookUpParams = (name: string, index: number, days: readonly Day[], numbers: readonly number[]) => ({
  // An empty list has no type that the engine could compare with.
  [`${name}_days_${index}`]: days.length === 0 ? [NO_DAY] : days,
  [`${name}s_${index}`]: days.length === 0 ? [0] : numbers,
});

const NO_DAY = -1_000_000;

const anyOf = (conditions: readonly BoundSql[]): BoundSql => ({
  sql: `(${conditions.map(({ sql }) => sql).join(' OR ')})`,
  params: Object.assign({}, ...conditions.map(({ params }) => params)),
});
