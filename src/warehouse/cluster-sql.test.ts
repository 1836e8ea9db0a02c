import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { makeTempDir } from '../../test/support/harness.ts';
import { StorageError } from '../lib/errors.ts';
import { describeShards, requireCluster } from './engine/cluster.ts';
import { findDefined, isInEffect, toClusterSql } from './engine/cluster-sql.ts';
import { embedded } from './engine/embedded.ts';
import { type Gateway, openGateway } from './engine/gateway.ts';
import { createDraft, dropDraft, replaceByDraft } from './integrity/rebuild.ts';
import { migrate } from './migrate.ts';
import { claimServer, prepareTables } from './server-store.ts';

// There is no cluster here. What the engine can check without one: it parses each statement, and refuses a table only because it has
// no Keeper, after it has accepted the parameters and settings of the table's engine.

const NO_KEEPER = /Can't create replicated table without ZooKeeper/;
const lease = { holder: 'node_a', wasReleased: true, leftMs: () => 60_000 };
const server = { url: 'http://127.0.0.1:9', storeId: 'store_a', lease, onFenced() {} };

const folder = makeTempDir();
let gateway: Gateway;
/** Everything that a server is sent before it is used, and what a rebuild does, as sent to one server. */
const sent: string[] = [];

before(async () => {
  gateway = await openGateway(embedded(folder), { size: 1, waitingMax: 9 });
  const recording: Gateway = {
    ...gateway,
    command(sql, ...rest) {
      sent.push(sql);
      return gateway.command(sql, ...rest);
    },
  };
  await claimServer(recording, server);
  await migrate(recording);
  await prepareTables(recording);
  await createDraft(recording, 'users');
  await replaceByDraft(recording, 'users');
  await dropDraft(recording, 'users');
});
cleanUp(() => gateway.close());

const isDdl = (sql: string) => /^(CREATE|DROP|EXCHANGE|ALTER TABLE \w+ MODIFY)/.test(sql);
const failure = (sql: string) =>
  gateway.command(sql).then(
    () => 'none',
    (error: StorageError) => String(error.cause),
  );

/** Returns the statement for this server alone, in place of the macros of a cluster. */
const toLocal = (sql: string) =>
  sql.replace(" ON CLUSTER 'main'", '').replace('{uuid}', 'x').replace('{replica}', 'y');

describe('the tables of a cluster', () => {
  it('are changed on all servers: every statement has ON CLUSTER and parses, and replicas share the rows', async () => {
    assert.ok(sent.filter(isDdl).length > 25);
    for (const sql of sent) {
      const clustered = toClusterSql(sql, 'main');
      if (isDdl(sql)) assert.match(clustered, /^[^(]* ON CLUSTER 'main'/, sql);
      else assert.equal(clustered, sql);
      await gateway.query('SELECT formatQuery({sql:String})', { sql: clustered });
      assert.doesNotMatch(clustered, /ENGINE = (?!Replicated)|non_replicated/);
    }
  });

  it('are not changed again by a start, which would need every replica', async () => {
    const repeated = sent.filter(
      (sql) => !sql.startsWith('CREATE TABLE users_rebuilt') && findDefined(sql) !== undefined,
    );
    assert.ok(repeated.length > 20);
    for (const sql of repeated) {
      const name = findDefined(sql);
      const [row] = await gateway.query<{ text: string }>(
        'SELECT create_table_query AS text FROM system.tables WHERE database = currentDatabase() AND name = {name:String}',
        { name },
      );
      // Of `event_ids`, a migration drops what there was before.
      assert.equal(isInEffect(sql, row?.text), sql !== 'DROP TABLE IF EXISTS event_ids SYNC', sql);
      assert.equal(isInEffect(sql, undefined), sql.startsWith('DROP'), sql);
    }
    const setting = 'ALTER TABLE a MODIFY SETTING x = 100';
    assert.equal(isInEffect(setting, 'SETTINGS x = 100, y = 1'), true);
    assert.equal(isInEffect(setting, 'SETTINGS x = 1000, y = 1'), false);
    assert.equal(isInEffect(setting, 'SETTINGS max_x = 100'), false);
  });

  it('have engines and settings that the engine accepts', async () => {
    const tables = sent.map((sql) => toClusterSql(sql, 'main')).filter((sql) => /^CREATE TABLE IF/.test(sql));
    assert.ok(tables.length > 15);
    for (const sql of tables) {
      const name = findDefined(sql) ?? '';
      assert.match(await failure(toLocal(sql).replace(name, `${name}_replicated`)), NO_KEEPER, sql);
    }
    const [wrong = ''] = tables.map((sql) => toLocal(sql).replace('fsync_after_insert', 'fsync_after'));
    assert.match(await failure(wrong.replace('installation', 'other')), /[Uu]nknown setting/);
  });

  it('differ from those of one server like this', () => {
    const sql = sent.find((text) => text.startsWith('CREATE TABLE IF NOT EXISTS person_ids'));
    assert.equal(
      toClusterSql(sql ?? '', 'main'),
      `CREATE TABLE IF NOT EXISTS person_ids ON CLUSTER 'main' (
  project_id LowCardinality(String),
  app_id LowCardinality(String),
  id String CODEC(ZSTD(1)),
  person String CODEC(ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}', '{replica}', version)
ORDER BY (project_id, app_id, id)
SETTINGS replicated_deduplication_window = 0, ratio_of_defaults_for_sparse_serialization = 1, fsync_after_insert = 1, fsync_part_directory = 1`,
    );
    assert.equal(
      toClusterSql('DROP TABLE IF EXISTS a SYNC', 'main'),
      "DROP TABLE IF EXISTS a ON CLUSTER 'main' SYNC",
    );
    assert.equal(toClusterSql('CREATE TABLE b AS a', 'main'), "CREATE TABLE b ON CLUSTER 'main' AS a");
    assert.equal(
      toClusterSql('ALTER TABLE a MODIFY SETTING non_replicated_deduplication_window = 1000', 'main'),
      "ALTER TABLE a ON CLUSTER 'main' MODIFY SETTING replicated_deduplication_window = 1000",
    );
  });

  it('are refused on a cluster that is unknown or has several shards', async () => {
    await assert.rejects(
      requireCluster(gateway, 'main'),
      (error) =>
        error instanceof StorageError &&
        /main \(APPFLOW_CLICKHOUSE_CLUSTER\) is not known/.test(error.message),
    );
    assert.equal(describeShards('main', 1), undefined);
    assert.match(describeShards('main', 2) ?? '', /has 2 shards/);
  });
});

it('a cluster is refused while a table of this server is not replicated: what is acknowledged would have one copy', async () => {
  const answer = (local: object[]) => ({
    query: async (sql: string) => {
      if (sql.includes('system.clusters')) return [{ shards: '1' }];
      return sql.includes('NOT match') ? local : [{ here: '1', anywhere: '1' }];
    },
  });
  const open = (local: object[]) => requireCluster(answer(local) as never, 'main');
  await open([]);
  await assert.rejects(open([{ name: 'events' }]), /The table events .* is not replicated/);
});
