import { dayCondition, timeCondition } from '../warehouse/day-sql.ts';
import { type BoundSql, hasPropertySql, propertyParams, propertyTextSql } from '../warehouse/event-sql.ts';
import { COUNTED_SQL } from '../warehouse/integrity/derive-sql.ts';
import { usersWithPropertySql } from './person-sql.ts';
import { type AnalyticsQuery, FILTERS, groupPropertyFilters, type QueryScope } from './query.ts';

/** Returns the condition for the rows of the scope's apps, in any table: the first two columns of its sort key. */
export function appCondition({ projectId, apps }: Pick<QueryScope, 'projectId' | 'apps'>): BoundSql {
  return {
    sql: 'project_id = {project_id:String} AND app_id IN {app_ids:Array(String)}',
    params: { project_id: projectId, app_ids: apps.map(({ id }) => id) },
  };
}

/** Returns the condition for the events of the scope's apps that count and match its filters. */
export function scopeCondition(scope: QueryScope): BoundSql {
  return allOf([appCondition(scope), { sql: COUNTED_SQL, params: {} }, filterCondition(scope)]);
}

/** Returns the condition for the events that match the filters of a scope. */
export function filterCondition(scope: QueryScope): BoundSql {
  return allOf([columnCondition(scope), propertyCondition(scope), userPropertyCondition(scope)]);
}

/** Returns the condition for the rows, of events or of a rollup, that match the filters by column. */
export function columnCondition({ filters }: QueryScope): BoundSql {
  const given = FILTERS.filter((name) => filters[name]);
  return {
    sql: given.map((name) => `has({${name}:Array(String)}, ${name})`).join(' AND '),
    params: Object.fromEntries(given.map((name) => [name, filters[name]])),
  };
}

/** An absent property extracts as '' and must not match an empty value. */
function propertyCondition({ filters }: QueryScope): BoundSql {
  const groups = [...groupPropertyFilters(filters.property)];
  return allOf(
    groups.map(([name, values], index) => ({
      sql: `${hasPropertySql(`property_${index}`)} AND has({values_${index}:Array(String)}, ${propertyTextSql(`property_${index}`)})`,
      params: { ...propertyParams(`property_${index}`, name), [`values_${index}`]: values },
    })),
  );
}

/** Returns the condition for the rows of events whose person has the properties that the filters ask for. */
export function userPropertyCondition(scope: QueryScope, user = 'sipHash64(app_user_id)'): BoundSql {
  const groups = [...groupPropertyFilters(scope.filters.user_property)];
  return allOf(
    groups.map(([name, values], index) => {
      const users = usersWithPropertySql(scope, { name, values }, index);
      return { sql: `(app_id, ${user}) IN (${users.sql})`, params: users.params };
    }),
  );
}

/** Returns the condition that all of some conditions hold; those without SQL are left out, and none at all is `1`. */
export function allOf(conditions: readonly BoundSql[]): BoundSql {
  const given = conditions.filter(({ sql }) => sql !== '');
  return {
    sql: given.map(({ sql }) => sql).join(' AND '),
    params: Object.assign({}, ...given.map(({ params }) => params)),
  };
}

/**
 * Returns the condition for the events of a query. `daySql(query, 'timestamp')` must be selected as `day`: the
 * condition on time is a little wider than the days, but without it the engine would read every event.
 */
export function queryCondition(query: AnalyticsQuery): BoundSql {
  return allOf([scopeCondition(query), timeCondition(query), dayCondition(query)]);
}
