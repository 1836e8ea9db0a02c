import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { isSqlite } from './dialect.ts';
import type { ControlSchema } from './schema.ts';

/**
 * The tables that are moved, each after those it refers to. Not among them: migrations, which are the target's own, and leases, which are
 * those of processes.
 */
export const MOVED_CONTROL_TABLES = [
  ...(['settings', 'revision', 'projects', 'apps', 'api_keys', 'key_secrets', 'idempotent_calls'] as const),
  ...(['leaked_secrets', 'audit_log', 'audit_head', 'usage_flush', 'flush_marks', 'key_usage'] as const),
  ...(['key_usage_hours', 'saved_items', 'erasures', 'erased_users', 'key_expiry_notices'] as const),
  ...(['ingestion_hours', 'ingestion_sdk_hours', 'ingestion_samples', 'event_names'] as const),
  ...(['people', 'sessions', 'credentials'] as const),
  ...(['verifications', 'two_factors', 'project_members', 'invitations', 'one_time_links'] as const),
] satisfies readonly (keyof ControlSchema)[];

/** A table that is moved. */
export type MovedControlTable = (typeof MOVED_CONTROL_TABLES)[number];

/** The setting that marks a database as the target of a move that is not complete. Its value is the ID of the installation. */
export const MOVING_SETTING = 'moving';
/** Settings of one side only. */
const OWN_SETTINGS: ReadonlySet<unknown> = new Set([MOVING_SETTING, 'event_server']);

/** A row of any table. */
export type AnyRow = Record<string, unknown>;

const ROWS_PER_READ = 1_000;

/** Reads the rows of a table to be moved in parts, inside a transaction. U+0000, which PostgreSQL cannot store, becomes U+FFFD. */
export async function* readMovedRows(
  tx: Kysely<ControlSchema>,
  table: MovedControlTable,
): AsyncGenerator<AnyRow[]> {
  for await (const rows of isSqlite(tx) ? readSqlite(tx, table) : readPostgres(tx, table)) {
    const moved = table === 'settings' ? rows.filter(({ name }) => !OWN_SETTINGS.has(name)) : rows;
    yield moved.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, portable(value)])),
    );
  }
}

const portable = (value: unknown) => (typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value);

async function* readSqlite(tx: Kysely<ControlSchema>, table: MovedControlTable): AsyncGenerator<AnyRow[]> {
  let rows: AnyRow[] = [];
  for await (const row of tx.selectFrom(table).selectAll().stream(ROWS_PER_READ)) {
    rows.push(row);
    if (rows.length < ROWS_PER_READ) continue;
    yield rows;
    rows = [];
  }
  yield rows;
}

/** With a cursor, because a table may be larger than memory. */
async function* readPostgres(tx: Kysely<ControlSchema>, table: MovedControlTable): AsyncGenerator<AnyRow[]> {
  await sql`DECLARE moved NO SCROLL CURSOR FOR SELECT * FROM ${sql.table(table)}`.execute(tx);
  for (;;) {
    const { rows } = await sql<AnyRow>`FETCH ${sql.lit(ROWS_PER_READ)} FROM moved`.execute(tx);
    if (rows.length === 0) break;
    yield rows;
  }
  await sql`CLOSE moved`.execute(tx);
}

/** How many rows a table has, and a sum over their hashes, which does not depend on their order. */
export type ControlSum = { rows: number; checksum: string };

/** Counts and sums the rows of each table, as of one moment. Rejects with StorageError. */
export async function sumControl(db: Kysely<ControlSchema>): Promise<Map<MovedControlTable, ControlSum>> {
  return await inSnapshot(db, async (tx) => {
    const sums = new Map<MovedControlTable, ControlSum>();
    for (const table of MOVED_CONTROL_TABLES) {
      let [rows, sum] = [0, 0n];
      for await (const part of readMovedRows(tx, table)) {
        rows += part.length;
        for (const row of part) sum = BigInt.asUintN(64, sum + hashOf(row));
      }
      sums.set(table, { rows, checksum: String(sum) });
    }
    return sums;
  });
}

/** Runs `work` in a transaction that sees one moment of the database. */
export async function inSnapshot<T>(
  db: Kysely<ControlSchema>,
  work: (tx: Kysely<ControlSchema>) => Promise<T>,
): Promise<T> {
  const transaction = db.transaction();
  return await (isSqlite(db) ? transaction : transaction.setIsolationLevel('repeatable read')).execute(work);
}

/** The columns of both databases may be in another order. */
function hashOf(row: AnyRow): bigint {
  const text = JSON.stringify(Object.entries(row).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return createHash('sha256').update(text).digest().readBigUInt64LE();
}
