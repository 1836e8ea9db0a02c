import { DATABASE_NAME } from '../engine/connection.ts';
import type { Gateway } from '../engine/gateway.ts';
import { fillDeletedUntil } from './fill-deleted-until.ts';
import { listGoneParts } from './find-damage.ts';
import { checkTable } from './find-damaged-table.ts';
import type { LostPart } from './losses.ts';
import { KEPT_TABLES, type KeptTable } from './lost-rows.ts';
import type { Before } from './read-before.ts';

/** What is lost of a table: parts that are gone, and those that were damaged. */
export type KeptDamage = { table: KeptTable; parts: LostPart[] };

/** Returns which kept tables have lost parts since they were recorded. Rejects with StorageError. */
export async function listGoneOfKept(gateway: Gateway, before: Before): Promise<KeptDamage[]> {
  const found: KeptDamage[] = [];
  for (const table of KEPT_TABLES) {
    const parts = await listGoneParts(gateway, before, table);
    if (parts.length > 0) found.push({ table, parts });
  }
  return found;
}

/**
 * Reports what is lost of kept tables, then moves damaged parts aside, so that the rest can be read. What `deleted_until` contained is
 * filled in as far as possible before that. A kill at any moment leaves the damage to the next start, which does all of this again.
 * Reads every file of these tables. Rejects with StorageError, and with what `note` rejects with.
 */
export async function setDamageAside(
  gateway: Gateway,
  before: Before,
  note: (damage: KeptDamage) => Promise<void>,
): Promise<void> {
  for (const table of KEPT_TABLES) {
    const gone = await listGoneParts(gateway, before, table);
    const damaged = await checkTable(gateway, table);
    if (gone.length + damaged.length === 0) continue;
    const folder = await findDetachedFolder(gateway, table);
    const moved = damaged.map(({ name }) => ({ name, detached: `${folder}${name}` }));
    await note({ table, parts: [...gone, ...moved] });
    if (table === 'deleted_until') await fillDeletedUntil(gateway);
    for (const { name } of damaged) await gateway.command(`ALTER TABLE ${table} DETACH PART '${name}'`);
  }
}

/** Returns where the engine moves detached parts of a table. */
async function findDetachedFolder(gateway: Gateway, table: string): Promise<string> {
  const [row] = await gateway.query<{ path: string }>(
    `SELECT data_paths[1] AS path FROM system.tables WHERE database = '${DATABASE_NAME}' AND name = {table:String}`,
    { table },
  );
  return `${row?.path ?? ''}detached/`;
}
