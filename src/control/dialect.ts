import { type AliasedRawBuilder, type Kysely, type RawBuilder, SqliteAdapter, sql } from 'kysely';
import type { ControlSchema } from './schema.ts';

/** Returns whether a control database is SQLite; otherwise it is PostgreSQL. */
export const isSqlite = (db: Kysely<ControlSchema>) => db.getExecutor().adapter instanceof SqliteAdapter;

/**
 * Returns a table to select from, of which SQLite uses this index and fails without it: it has no statistics and would prefer
 * an index that covers less. PostgreSQL has statistics, and no such hint.
 */
export function readByIndex<T extends keyof ControlSchema & string>(
  db: Kysely<ControlSchema>,
  table: T,
  index: string,
): AliasedRawBuilder<ControlSchema[T], T> {
  const hint = isSqlite(db) ? ` INDEXED BY ${index}` : '';
  return sql<ControlSchema[T]>`${sql.raw(table)}`.as<T>(sql.raw(`${table}${hint}`));
}

/**
 * Runs queries that read pages in the order of an index. PostgreSQL knows nothing about the newest rows, takes them for few, and would read
 * and sort all of them for each page.
 */
export function readInIndexOrder<T>(
  db: Kysely<ControlSchema>,
  read: (db: Kysely<ControlSchema>) => Promise<T>,
): Promise<T> {
  if (isSqlite(db)) return read(db);
  return db.transaction().execute(async (tx) => {
    await sql`SET LOCAL enable_sort = off`.execute(tx);
    return read(tx);
  });
}

/** Returns the clock of the database in epoch milliseconds, which is the same for all processes. */
export const databaseNow = (db: Kysely<ControlSchema>): RawBuilder<number> =>
  isSqlite(db)
    ? sql<number>`CAST(unixepoch('subsec') * 1000 AS INTEGER)`
    : sql<number>`(extract(epoch FROM clock_timestamp()) * 1000)::bigint`;
