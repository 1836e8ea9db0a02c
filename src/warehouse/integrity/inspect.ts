import { DATABASE_NAME } from '../engine/connection.ts';
import type { Gateway } from '../engine/gateway.ts';
import { type DerivedTable, isDerived } from './derive-sql.ts';
import { type Damage, findDamage } from './find-damage.ts';
import { checkTable, type DamagedPart } from './find-damaged-table.ts';
import { hasDeletedEvents } from './keep-older-rows.ts';
import { listGoneOfKept } from './kept-tables.ts';
import { describeLostParts } from './losses.ts';
import { isAging } from './lost-rows.ts';
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
  const damaged = new Set<DerivedTable>(damage?.damaged);
  if (damage !== undefined && damage.expected > damage.events) problems.push(describeLostEvents(damage));
  else if (damage?.hasDamagedIds) damaged.add('event_ids');
  if (damage?.hasNoLedger) problems.push(NO_LEDGER);
  for (const { name, path } of await listTables(gateway)) {
    const parts = await checkTable(gateway, name);
    if (parts.length > 0 && isDerived(name)) damaged.add(name);
    else problems.push(...parts.map((part) => describePart(name, `${path}${part.name}`, part)));
  }
  for (const { table, parts } of await listGoneOfKept(gateway, before))
    problems.push(`${describeLostParts(parts, table).trim()} ${RESTORE}`);
  if (await hasDeletedEvents(gateway)) problems.push(...[...damaged].filter(isAging).map(describeAging));
  return { problems, repairs: [...damaged].map((table) => REPAIRS[table]) };
}

function describeLostEvents({ expected, events, parts }: Damage): string {
  const lost = (expected - events).toLocaleString('en-US');
  return `${lost} stored events are lost.${describeLostParts(parts)} Restore the data folder from a backup; if you start without them, their IDs count as new.`;
}

/** Returns the tables without drafts: the next start drops those, damaged or not. */
async function listTables(gateway: Gateway): Promise<{ name: string; path: string }[]> {
  const tables = await gateway.query<{ name: string; path: string }>(
    `SELECT name, data_paths[1] AS path FROM system.tables WHERE database = '${DATABASE_NAME}' ORDER BY name`,
  );
  return tables.filter(({ name }) => !isDraft(name));
}

const RESTORE = 'Restore the data folder from a backup.';

const describeAging = (table: DerivedTable) =>
  `The table ${table} is damaged. The next start derives it from the events again, but not what came from events that retention has deleted since. ${RESTORE}`;

function describePart(table: string, path: string, { name, reason }: DamagedPart): string {
  const fix =
    table === 'events'
      ? `Restore the data folder from a backup. Or do without its events: move ${path} away, and the next start says how many are lost.`
      : RESTORE;
  return `Part ${name} of the table ${table} is damaged (${reason}). ${fix}`;
}
