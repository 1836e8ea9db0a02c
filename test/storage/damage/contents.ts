import type { Warehouse } from '../../../src/warehouse/open.ts';

/** Days start up to 14 hours before those of UTC. */
const DAY_AFTER_SQL = 'SELECT toInt32(toDate32(max(until))) + 2 FROM deleted_until';

/** The rows of a rollup table that queries read, of days whose events are all there: those of older days are not derived again. */
const rolledSql = (columns: string, table: string) => `SELECT ${columns} FROM ${table}
  WHERE (app_id, day, version) IN (SELECT app_id, day, argMax(version, written) FROM rollup_days GROUP BY app_id, day)
  AND day > (${DAY_AFTER_SQL})`;

/** What is stored in each table of the event store, without what deriving it again changes. */
const CONTENTS = {
  events: 'SELECT * FROM events',
  event_ids: 'SELECT * FROM event_ids',
  users: 'SELECT * FROM users FINAL',
  links: 'SELECT DISTINCT * FROM links',
  person_ids: 'SELECT * EXCEPT version FROM person_ids FINAL WHERE person != id',
  user_properties: 'SELECT DISTINCT * FROM user_properties FINAL',
  user_days: rolledSql('day, user, events, arraySort(sessions) AS sorted', 'user_days'),
  user_day_values: rolledSql(
    'day, user, event_name, platform, country, app_version, events',
    'user_day_values',
  ),
  revenue_days: rolledSql(
    'day, currency, verified, event_name, platform, country, app_version, amount',
    'revenue_days',
  ),
};

/** Returns the number of rows and a hash of what is stored in each table of the event store. Rejects with StorageError. */
export async function readContents(
  warehouse: Pick<Warehouse, 'query'>,
): Promise<Record<string, { rows: string; hash: string }>> {
  const contents: Record<string, { rows: string; hash: string }> = {};
  for (const [table, sql] of Object.entries(CONTENTS)) {
    const [found] = await warehouse.query<{ rows: string; hash: string }>(
      `SELECT count() AS rows, sum(cityHash64(toString(tuple(*)))) AS hash FROM (${sql})`,
    );
    if (found) contents[table] = found;
  }
  return contents;
}
