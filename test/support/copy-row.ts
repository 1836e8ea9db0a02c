import type { Config } from '../../src/config/config.ts';
import { runSql } from './control-sql.ts';

/**
 * Stores `count` copies of the row with this id in the control database, as another process would: with ids that begin with
 * the table's name, a new revision, and `changes` (column → SQL expression of `i`, the number of the copy from 1).
 */
export async function copyRow(
  config: Config,
  table: 'projects' | 'api_keys' | 'apps' | 'invitations' | 'sessions' | 'saved_items',
  id: string,
  count: number,
  changes: Record<string, string> = {},
): Promise<void> {
  const [row = {}] = await runSql(config, `SELECT * FROM ${table} WHERE id = '${id}'`);
  const columns = Object.keys(row);
  const replaced: Record<string, string> = { id: `'${table}_' || i`, ...changes };
  if (columns.includes('revision')) {
    const [next] = await runSql(config, 'UPDATE revision SET value = value + 1 RETURNING value');
    replaced.revision = String(next?.value);
  }
  const values = columns.map((name) => replaced[name] ?? name);
  await runSql(
    config,
    `INSERT INTO ${table} (${columns.join(', ')})
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     SELECT ${values.join(', ')} FROM n, ${table} WHERE id = '${id}'`,
  );
}
