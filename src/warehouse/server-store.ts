import { setTimeout } from 'node:timers/promises';
import { StorageError } from '../lib/errors.ts';
import { PROGRAM } from '../lib/program.ts';
import { requireCluster } from './engine/cluster.ts';
import type { Gateway } from './engine/gateway.ts';
import { INSERT_MS } from './engine/server.ts';
import type { EventServer } from './engine/store-engine.ts';
import type { Integrity } from './integrity/integrity.ts';
import { dropDrafts } from './integrity/rebuild.ts';
import type { EventLog } from './log/event-log.ts';
import type { Mender } from './mending/mend-derived.ts';

/** Tables into which the writer inserts: a block that is sent again with the same token is not inserted twice. */
const INSERTED_TABLES = ['events', 'event_ids', 'users'];
/** Blocks whose tokens a table remembers. Those of a retry are among the last ones. */
const TOKENS_KEPT = 1_000;

/** Returns the ID of a server's database while the installation `storeId` is being moved to it. */
export const movingId = (storeId: string): string => `moving:${storeId}`;

const UNFINISHED_MOVE = `Moving to the ClickHouse server (CLICKHOUSE_URL) is not complete. Run \`${PROGRAM} move\` again where it began, or use another server`;
const FOREIGN =
  'The events on the ClickHouse server (CLICKHOUSE_URL) belong to another installation. Use another server, or restore the ' +
  'control database that belongs to them';

const SYNCED = 'SETTINGS fsync_after_insert = 1, fsync_part_directory = 1';

/**
 * Marks the database of a server as that of this installation, and fences off earlier holders of the lease: when it resolves, none of
 * them can insert events any more. Call it before anything else. Rejects with StorageError, also if the database belongs to another
 * installation, and with an AbortError when `signal` ends the wait.
 */
export async function claimServer(
  gateway: Gateway,
  { cluster, storeId, lease, signal }: EventServer,
): Promise<void> {
  if (cluster !== undefined) await requireCluster(gateway, cluster);
  await gateway.command(
    `CREATE TABLE IF NOT EXISTS installation (id String) ENGINE = MergeTree ORDER BY id ${SYNCED}`,
  );
  if (!(await isInstalled(gateway, storeId)))
    await gateway.command(
      `INSERT INTO installation (id) FORMAT JSONCompactEachRow\n${JSON.stringify([storeId])}`,
    );
  await gateway.command(
    `CREATE TABLE IF NOT EXISTS epochs (epoch UInt64, holder String) ENGINE = MergeTree ORDER BY epoch ${SYNCED}`,
  );
  await gateway.command(
    `INSERT INTO epochs (epoch, holder) SELECT max(epoch) + 1, '${lease.holder}' FROM epochs`,
  );
  // An insert that began before may still be running.
  if (!lease.wasReleased) await setTimeout(INSERT_MS, undefined, { signal });
}

/**
 * Whether the database of a server is marked as that of an installation. Rejects with StorageError if it is another one's, or if moving
 * to it is not complete.
 */
export async function isInstalled(gateway: Pick<Gateway, 'query'>, storeId: string): Promise<boolean> {
  const rows = await gateway.query<{ id: string }>('SELECT id FROM installation');
  if (rows.every(({ id }) => id === storeId)) return rows.length > 0;
  const isMoving = rows.some(({ id }) => id === movingId(storeId));
  throw new StorageError('unavailable', isMoving ? UNFINISHED_MOVE : FOREIGN);
}

/**
 * Lets the tables of a server recognize a block that is sent again, and find the events of the latest blocks: nodes that don't store
 * events read those beside rollups. Rejects with StorageError.
 */
export async function prepareTables(gateway: Gateway): Promise<void> {
  await gateway.command('ALTER TABLE events ADD INDEX IF NOT EXISTS blocks block TYPE minmax GRANULARITY 1');
  for (const table of INSERTED_TABLES) {
    await gateway.command(
      `ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = ${TOKENS_KEPT}`,
    );
  }
}

/** The integrity checks of a server: none, because it manages its own files. Work runs without a record of it. */
export const serverIntegrity = (): Integrity => ({
  start() {},
  stop: async () => {},
  redefine: (_, work) => work(),
  removeRows: (_, __, work) => work(),
  expectDeletion: (_, __, work) => work(),
  noteLostRows: async () => {},
  expectMigrations: async () => {},
  readDerived: (_, work) => work(),
  check: dropDrafts,
  finishDeletion: async () => {},
  checkKept: async () => {},
  noteFailure() {},
  listProblems: () => [],
});

/** No log: events are acknowledged when they are in the server's tables. */
export const noLog = (): EventLog => ({
  isKept: false,
  append: async () => {},
  release: async () => {},
  clear: async () => {},
  size: () => 0,
  close: async () => {},
});

/** Does nothing: a server has no files that this process could mend. */
export const noMender = (): Mender => ({ noteFailure() {}, listProblems: () => [], stop: async () => {} });
