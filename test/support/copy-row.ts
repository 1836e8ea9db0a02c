import { join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * Stores `count` copies of the row with this id in the control database, as another process would: with ids that begin with
 * the table's name, a new revision, and `changes` (column → SQL expression of `i`, the number of the copy from 1).
 */
export function copyRow(
  dataDir: string,
  table: 'projects' | 'api_keys' | 'apps' | 'invitations' | 'sessions' | 'saved_items',
  id: string,
  count: number,
  changes: Record<string, string> = {},
): void {
  const database = new Database(join(dataDir, 'control.db'));
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
  const replaced: Record<string, string> = { id: `'${table}_' || i`, ...changes };
  database.transaction(() => {
    const revision = database.prepare('UPDATE revision SET value = value + 1 RETURNING value').pluck().get();
    if (columns.includes('revision')) replaced.revision = String(revision);
    const values = columns.map((name) => replaced[name] ?? name);
    database
      .prepare(
        `INSERT INTO ${table} (${columns.join(', ')})
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         SELECT ${values.join(', ')} FROM n, ${table} WHERE id = ?`,
      )
      .run(count, id);
  })();
  database.close();
}
