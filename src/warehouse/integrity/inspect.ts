import { DATABASE_NAME } from '../engine/connection.ts';
import type { Gateway } from '../engine/gateway.ts';
import { findDamage } from './find-damage.ts';
import { describeLostParts } from './losses.ts';
import type { Before } from './read-before.ts';

/** What an inspection found: sentences with what to do, and which part of it the next start repairs by itself. */
export type Inspection = { problems: string[]; repairs: string[] };

/** The problem of a store whose ledger cannot be trusted. */
export const NO_LEDGER =
  'ledger.json, the record of what it contains, is missing or damaged. Compare with a backup.';

/** Reading every file of a large store takes long; nothing else waits for it. */
const CHECK_MS_MAX = 6 * 3_600_000;

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
  } else if (damage?.hasDamagedIds) repairs.push('derives the IDs of events again');
  if (damage?.hasDamagedUsers) repairs.push('derives users again');
  if (damage?.hasNoLedger) problems.push(NO_LEDGER);
  problems.push(...(await checkParts(gateway)));
  return { problems, repairs };
}

/** Returns a sentence for each part that has a file whose content is not what was written. */
async function checkParts(gateway: Gateway): Promise<string[]> {
  const tables = await gateway.query<{ name: string; path: string }>(
    `SELECT name, data_paths[1] AS path FROM system.tables WHERE database = '${DATABASE_NAME}' ORDER BY name`,
  );
  const found: string[] = [];
  for (const { name, path } of tables) {
    type Row = { part_path: string; is_passed: number; message: string };
    const rows = await gateway.query<Row>(`CHECK TABLE ${name}`, {}, { timeoutMs: CHECK_MS_MAX });
    for (const { part_path: part, is_passed, message } of rows) {
      if (!is_passed)
        found.push(
          `Part ${part} of the table ${name} is damaged (${message}). ${fixOf(name, `${path}${part}`)}`,
        );
    }
  }
  return found;
}

const DERIVED = ['event_ids', 'users'];

function fixOf(table: string, path: string): string {
  if (DERIVED.includes(table)) return `Move ${path} away: the next start derives it again from the events.`;
  if (table !== 'events') return 'Restore the data folder from a backup.';
  return `Restore the data folder from a backup. Or do without its events: move ${path} away, and the next start says how many are lost.`;
}
