import { DATABASE_NAME } from '../engine/connection.ts';
import type { Gateway } from '../engine/gateway.ts';
import { type DerivedTable, isDerived } from './derive-sql.ts';
import { findDamage } from './find-damage.ts';
import { checkTable, type DamagedPart } from './find-damaged-table.ts';
import { describeLostParts } from './losses.ts';
import type { Before } from './read-before.ts';
import { isDraft } from './rebuild.ts';

/** What an inspection found: sentences with what to do, and which part of it the next start repairs by itself. */
export type Inspection = { problems: string[]; repairs: string[] };

/** The problem of a store whose ledger cannot be trusted. */
export const NO_LEDGER =
  'ledger.json, the record of what it contains, is missing or damaged. Compare with a backup.';

const REPAIRS: Record<DerivedTable, string> = {
  event_ids: 'derives the IDs of events again',
  users: 'derives users again',
  links: 'derives the links between IDs again',
  person_ids: 'derives the persons of linked IDs again',
  user_properties: 'derives user properties again',
};

/**
 * Compares an open store with what was recorded, and reads every file of every part against its checksum. Changes no
 * table. Rejects with StorageError.
 */
export async function inspect(gateway: Gateway, before: Before): Promise<Inspection> {
  const damage = await findDamage(gateway, before);
  const problems: string[] = [];
  const repairs: string[] = [];
  if (damage !== undefined && damage.expected > damage.events) {
    const lost = (damage.expected - damage.events).toLocaleString('en-US');
    const parts = describeLostParts(damage.parts);
    problems.push(
      `${lost} stored events are lost.${parts} Restore the data folder from a backup; if you start without them, their IDs count as new.`,
    );
  } else if (damage?.hasDamagedIds) repairs.push(REPAIRS.event_ids);
  for (const table of damage?.damaged ?? []) repairs.push(REPAIRS[table]);
  if (damage?.hasNoLedger) problems.push(NO_LEDGER);
  for (const { name, path } of await listTables(gateway)) {
    const parts = await checkTable(gateway, name);
    if (parts.length > 0 && isDerived(name)) repairs.push(REPAIRS[name]);
    else problems.push(...parts.map((part) => describePart(name, `${path}${part.name}`, part)));
  }
  return { problems, repairs: [...new Set(repairs)] };
}

/** Returns the tables without drafts: the next start drops those, damaged or not. */
async function listTables(gateway: Gateway): Promise<{ name: string; path: string }[]> {
  const tables = await gateway.query<{ name: string; path: string }>(
    `SELECT name, data_paths[1] AS path FROM system.tables WHERE database = '${DATABASE_NAME}' ORDER BY name`,
  );
  return tables.filter(({ name }) => !isDraft(name));
}

function describePart(table: string, path: string, { name, reason }: DamagedPart): string {
  const fix =
    table === 'events'
      ? `Restore the data folder from a backup. Or do without its events: move ${path} away, and the next start says how many are lost.`
      : 'Restore the data folder from a backup.';
  return `Part ${name} of the table ${table} is damaged (${reason}). ${fix}`;
}
