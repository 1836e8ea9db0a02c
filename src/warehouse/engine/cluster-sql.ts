// What a cluster needs, from the statements for one server: `ON CLUSTER`, Replicated engines, and settings of replicas. All servers of
// the cluster are replicas of one shard (docs/decisions/0033), so no Distributed table is needed: each has everything.

/** Inserts are complete when most replicas have them, and queries see them on every replica. */
export const CLUSTER_SETTINGS = {
  insert_quorum: 'auto',
  // Queries are consistent only if the inserts into a table wait for each other, and one process inserts anyway.
  insert_quorum_parallel: 0,
  // Milliseconds, less than an insert may take.
  insert_quorum_timeout: 8_000,
  select_sequential_consistency: '1',
} as const;

/** Without the shard, so that a server of another shard would be one more replica, not a second store. Copies get a path of their own. */
const REPLICA = "'/clickhouse/tables/{uuid}', '{replica}'";

const ENGINE = /\bENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/;
/** The statements that apply to one server only: up to where ON CLUSTER belongs. */
const LOCAL =
  /^(?:CREATE DATABASE IF NOT EXISTS \w+|CREATE TABLE (?:IF NOT EXISTS )?\w+|DROP TABLE IF EXISTS \w+|EXCHANGE TABLES \w+ AND \w+|ALTER TABLE \w+(?= MODIFY SETTING))/;

/** Returns the statement that does on a cluster what `sql` does on one server. Replicas share rows by themselves, so only DDL changes. */
export function toClusterSql(sql: string, cluster: string): string {
  const [start] = LOCAL.exec(sql) ?? [];
  if (start === undefined) return sql;
  const rest = sql.slice(start.length).replace('non_replicated_deduplication', 'replicated_deduplication');
  return `${start} ON CLUSTER '${cluster}'${ENGINE.test(rest) ? replicate(rest) : rest}`;
}

/** Blocks are compared only in tables that remember tokens: without one, the same rows may be derived again after they were deleted. */
function replicate(definition: string): string {
  return definition
    .replace(
      ENGINE,
      (_, engine: string, args = '') => `ENGINE = Replicated${engine}(${REPLICA}${args && `, ${args}`})`,
    )
    .replace(/\bSETTINGS /, 'SETTINGS replicated_deduplication_window = 0, ');
}

const DEFINED = /^(?:CREATE TABLE IF NOT EXISTS|DROP TABLE IF EXISTS|ALTER TABLE) (\w+)/;

/** Returns the table whose definition says whether a statement is in effect already; undefined if that has to be tried. */
export function findDefined(sql: string): string | undefined {
  return LOCAL.test(sql) ? DEFINED.exec(sql)?.[1] : undefined;
}

/**
 * Whether the table is already as a statement for a cluster wants it, by its definition; undefined: there is none. DDL on a cluster
 * fails while a replica is down, so a start must not repeat it.
 */
export function isInEffect(sql: string, definition: string | undefined): boolean {
  if (sql.startsWith('CREATE')) return definition !== undefined;
  if (sql.startsWith('DROP')) return definition === undefined;
  const [, settings = ''] = /MODIFY SETTING ([\s\S]*)$/.exec(sql) ?? [];
  const isSet = (setting: string) => new RegExp(`\\b${setting.trim()}(?!\\d)`).test(definition ?? '');
  return settings.split(',').every(isSet);
}
