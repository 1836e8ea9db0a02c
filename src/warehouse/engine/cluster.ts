import { SECOND_MS } from '../../lib/durations.ts';
import { StorageError } from '../../lib/errors.ts';
import { findDefined, isInEffect, toClusterSql } from './cluster-sql.ts';
import { type Connection, DATABASE_NAME } from './connection.ts';
import type { Gateway } from './gateway.ts';

const LOOK_UP = { limitMs: 10 * SECOND_MS, mark: 'cluster', hasOneThread: false };

/** Returns a connection whose DDL reaches all replicas of the cluster. */
export function clusterConnection(connection: Connection, cluster: string): Connection {
  async function readDefinition(table: string): Promise<string | undefined> {
    const sql = `SELECT create_table_query AS definition FROM system.tables WHERE database = '${DATABASE_NAME}' AND name = '${table}'`;
    const [row] = await connection.query<{ definition: string }>(sql, LOOK_UP);
    return row?.definition;
  }
  return {
    ...connection,
    async command(sql, body) {
      const statement = toClusterSql(sql, cluster);
      const table = findDefined(sql);
      if (table !== undefined && isInEffect(statement, await readDefinition(table))) return;
      await connection.command(statement, body);
    },
  };
}

const INSTALLED = `database = '${DATABASE_NAME}' AND name = 'installation'`;

/**
 * Rejects with StorageError unless the server knows the cluster, all its servers are replicas of one shard, its tables are replicated, and
 * this one has the tables if others have them: created here alone, they would look like those of a new installation.
 */
export async function requireCluster(gateway: Gateway, cluster: string): Promise<void> {
  const [known] = await gateway.query<{ shards: string }>(
    'SELECT uniqExact(shard_num) AS shards FROM system.clusters WHERE cluster = {cluster:String}',
    { cluster },
  );
  const problem = describeShards(cluster, Number(known?.shards));
  if (problem !== undefined) throw new StorageError('unavailable', problem);
  const [local] = await gateway.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = '${DATABASE_NAME}' AND engine LIKE '%MergeTree' AND NOT match(engine, '^(Replicated|Shared)') LIMIT 1`,
  );
  if (local !== undefined)
    throw new StorageError(
      'unavailable',
      `The table ${local.name} on the server at CLICKHOUSE_URL is not replicated, so its rows would be on one server only. Unset APPFLOW_CLICKHOUSE_CLUSTER, or use servers without tables of Appflow`,
    );
  const [tables] = await gateway.query<{ here: string; anywhere: string }>(
    `SELECT (SELECT count() FROM system.tables WHERE ${INSTALLED}) AS here, count() AS anywhere
      FROM clusterAllReplicas({cluster:String}, system.tables) WHERE ${INSTALLED} SETTINGS skip_unavailable_shards = 1`,
    { cluster },
  );
  if (Number(tables?.here) > 0 || Number(tables?.anywhere) === 0) return;
  throw new StorageError(
    'unavailable',
    'The server at CLICKHOUSE_URL is a replica without the tables of Appflow. Create them there first; see the guide to operating',
  );
}

/** Returns why a cluster with this number of shards cannot be used, and what to do; undefined if it can. */
export function describeShards(cluster: string, shards: number): string | undefined {
  if (shards === 1) return undefined;
  const problem = shards === 0 ? 'is not known to the server at CLICKHOUSE_URL' : `has ${shards} shards`;
  return `The cluster ${cluster} (APPFLOW_CLICKHOUSE_CLUSTER) ${problem}. Define one with a single shard and all servers as its replicas`;
}
