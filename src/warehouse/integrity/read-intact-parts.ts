import { DATABASE_NAME } from '../engine/connection.ts';
import type { Gateway } from '../engine/gateway.ts';
import { mayBeDamage } from './damage-error.ts';

/** Runs a statement with a condition to add with AND, which is empty if the whole table is read, and its parameters. */
type Read = (condition: string, params: Record<string, unknown>) => Promise<void>;

/**
 * Runs a statement that reads a table. If something in the table is damaged, runs it again for each part, without those that can't be
 * read: what it does must be harmless to repeat. Returns whether everything was read. Rejects if it fails for another reason.
 */
export async function readIntactParts(
  gateway: Pick<Gateway, 'query'>,
  table: string,
  read: Read,
): Promise<boolean> {
  if (await tryToRead(read('', {}))) return true;
  for (const part of await listParts(gateway, table))
    await tryToRead(read(' AND _part = {part:String}', { part }));
  return false;
}

/** Returns whether a statement could read everything. Rejects if it fails for another reason than damage. */
async function tryToRead(statement: Promise<void>): Promise<boolean> {
  try {
    await statement;
    return true;
  } catch (error) {
    if (!mayBeDamage(error)) throw error;
    return false;
  }
}

async function listParts(gateway: Pick<Gateway, 'query'>, table: string): Promise<string[]> {
  const rows = await gateway.query<{ name: string }>(
    `SELECT name FROM system.parts WHERE database = '${DATABASE_NAME}' AND table = {table:String} AND active`,
    { table },
  );
  return rows.map(({ name }) => name);
}
