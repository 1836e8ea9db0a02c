import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Config } from '../../src/config/config.ts';
import { runOnServer } from './postgres.ts';

type Place = Pick<Config, 'dataDir' | 'databaseUrl'>;
type Row = Record<string, unknown>;

/**
 * Runs a statement in the control database of a configuration, as another process would, and returns its rows. It must be
 * valid in SQLite and in PostgreSQL.
 */
export async function runSql({ dataDir, databaseUrl }: Place, statement: string): Promise<Row[]> {
  if (databaseUrl !== undefined) {
    const [rows = []] = await runOnServer([statement], databaseUrl);
    return rows as Row[];
  }
  const database = new Database(join(dataDir, 'control.db'));
  try {
    const prepared = database.prepare(statement);
    if (prepared.reader) return prepared.all() as Row[];
    prepared.run();
    return [];
  } finally {
    database.close();
  }
}

/** Returns the number that `SELECT count(*) …` counts. */
export async function countRows(place: Place, from: string): Promise<number> {
  const [row] = await runSql(place, `SELECT count(*) AS count FROM ${from}`);
  return Number(row?.count);
}
