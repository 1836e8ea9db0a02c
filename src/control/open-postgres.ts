import { Kysely, PostgresDialect, sql } from 'kysely';
import type { Control, ReadOnlyControl } from './control.ts';
import { listLosses, openLosses } from './integrity/control-losses.ts';
import { findMigrationState, type MigratedControl, migrateControl } from './migrate.ts';
import { openChangeFeed, whileClaimed } from './postgres-changes.ts';
import { isConflict } from './postgres-errors.ts';
import { createPool, LOADS, MIGRATIONS, type PoolLimits, STATEMENTS } from './postgres-pool.ts';
import { createColumnTypes } from './postgres-types.ts';
import { runWrite } from './run-write.ts';
import type { ControlSchema } from './schema.ts';

/** The database's URL, and the path of the file that records losses (see `control-losses.ts`). */
export type PostgresPlace = { url: string; lossesFile: string };

const CONFLICT_RETRIES_MAX = 5;
/** The advisory lock of migrations: "appflow" in ASCII. */
export const MIGRATION_LOCK = 0x61_70_70_66_6c_6f_77n;

/** Runs a transaction, and retries it after a serialization failure or deadlock, which rolls it back. */
async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error) || attempt >= CONFLICT_RETRIES_MAX) throw error;
    }
  }
}

/** Opens the database with its own connection pool. `log` is called for each statement. */
function openDatabase(url: string, limits: PoolLimits, log = () => {}) {
  const pool = createPool(url, limits);
  return {
    db: new Kysely<ControlSchema>({ dialect: new PostgresDialect({ pool }), log }),
    renew: pool.renew,
  };
}

async function readRevisionOf(db: Kysely<ControlSchema>): Promise<number> {
  const row = await db.selectFrom('revision').select('value').where('id', '=', 1).executeTakeFirstOrThrow();
  return row.value;
}

/** Upgrades the database, unless it may not be opened now. If several nodes start together, one migrates and the others wait. */
async function migrate(url: string, now: number, isSole: boolean): Promise<MigratedControl> {
  const { db } = openDatabase(url, MIGRATIONS);
  try {
    return await db.connection().execute(async (connection) => {
      // Released when the connection closes.
      await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection);
      const typed = connection.withPlugin(createColumnTypes());
      return await whileClaimed(connection, isSole, () => migrateControl(typed, now));
    });
  } finally {
    await db.destroy();
  }
}

/**
 * Opens the control database in PostgreSQL (14 or later), and creates or upgrades its tables if necessary. Rejects with
 * StorageError, or with an Error that explains it if a newer release created them. With `isSole`, it does so if another process has it open,
 * and keeps others out until it is closed.
 */
export async function openPostgresControl(
  { url, lossesFile }: PostgresPlace,
  now: number,
  { isSole = false } = {},
): Promise<Control> {
  const losses = openLosses(lossesFile, listLosses(lossesFile));
  const migrated = await migrate(url, now, isSole);
  let statements = 0;
  const countStatement = () => {
    statements += 1;
  };
  const { db, renew } = openDatabase(url, STATEMENTS, countStatement);
  const loads = openDatabase(url, LOADS, countStatement);
  const onReconnect = () => {
    renew();
    loads.renew();
  };
  const feed = await openChangeFeed(url, { isSole, onReconnect });
  return {
    db,
    snapshots: loads.db,
    changeStamp: feed.stamp,
    countRollbacks: feed.countRollbacks,
    losesAnswers: true,
    hasExactStamp: false,
    countStatements: () => statements,
    readRevision: () => readRevisionOf(db),
    ...migrated,
    reportLoss: losses.add,
    listProblems: losses.list,
    // PostgreSQL checks its own pages.
    checkPages() {},
    write: (recheck, change) =>
      withRetries(() =>
        db.transaction().execute(async (tx) => {
          if (isSole) await feed.requireAlone(tx);
          const result = await runWrite(tx, recheck, change);
          await feed.announce(tx);
          return result;
        }),
      ),
    whenStorable: withRetries,
    async close() {
      await feed.close();
      await loads.db.destroy();
      await db.destroy();
    },
  };
}

/** Opens the control database in PostgreSQL without changing it: no migrations either. Rejects with StorageError. */
export async function openReadOnlyPostgresControl({
  url,
  lossesFile,
}: PostgresPlace): Promise<ReadOnlyControl> {
  const { db } = openDatabase(url, STATEMENTS);
  try {
    const { isNew, pending, unknown } = await findMigrationState(db);
    return {
      db,
      snapshots: db,
      // Read-only commands load everything once.
      changeStamp: () => 0,
      countRollbacks: () => 0,
      losesAnswers: false,
      hasExactStamp: false,
      readRevision: () => readRevisionOf(db),
      listProblems: () => listLosses(lossesFile),
      isNew,
      pendingMigrations: pending,
      unknownMigrations: unknown,
      close: () => db.destroy(),
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
