import { HOUR_MS } from '../../lib/durations.ts';
import { DATABASE_NAME } from '../engine/connection.ts';
import type { Gateway } from '../engine/gateway.ts';
import { findDamagedFile, isUnfinishedChange, mayBeDamage } from './damage-error.ts';
import { DERIVED_TABLES, type DerivedTable, isDerived } from './derive-sql.ts';

/** Reading every file of a large table takes long; nothing else waits for it. */
const CHECK_MS_MAX = 6 * HOUR_MS;

/** A part with a file whose content is not what was written. */
export type DamagedPart = { name: string; reason: string };

/** Returns the parts of a table that are damaged. It reads every file: about two seconds per gigabyte. */
export async function checkTable(
  gateway: Pick<Gateway, 'query'>,
  table: string,
  signal?: AbortSignal,
): Promise<DamagedPart[]> {
  type Row = { part_path: string; is_passed: number; message: string };
  const options = { timeoutMs: CHECK_MS_MAX, ...(signal && { signal }) };
  const rows = await gateway.query<Row>(`CHECK TABLE ${table}`, {}, options);
  return rows
    .filter(({ is_passed }) => !is_passed)
    .map(({ part_path, message }) => ({ name: part_path, reason: message }));
}

/**
 * Returns the derived table whose damage made a statement fail; undefined if it failed for another reason. Where the engine
 * does not name the file, reads all derived tables to find it. Rejects with StorageError.
 */
export async function findDamagedTable(gateway: Gateway, error: unknown): Promise<DerivedTable | undefined> {
  if (!mayBeDamage(error) && !isUnfinishedChange(error)) return undefined;
  const file = findDamagedFile(error);
  if (file !== undefined) return (await listDerivedIds(gateway)).get(tableIdOf(file));
  for (const table of DERIVED_TABLES) if ((await checkTable(gateway, table)).length > 0) return table;
  return undefined;
}

/** Returns the ids of the derived tables, as the paths of their files contain them. Rejects with StorageError. */
export async function listDerivedIds(gateway: Pick<Gateway, 'query'>): Promise<Map<string, DerivedTable>> {
  const rows = await gateway.query<{ id: string; name: string }>(
    `SELECT toString(uuid) AS id, name FROM system.tables WHERE database = '${DATABASE_NAME}'`,
  );
  return new Map(rows.flatMap(({ id, name }) => (isDerived(name) ? [[id, name]] : [])));
}

/** Returns the id of the table that a file of the store belongs to. */
export const tableIdOf = (file: string): string =>
  /\/store\/[0-9a-f]{3}\/([0-9a-f-]{36})/.exec(file)?.[1] ?? '';
