import { bind } from '../engine/bind.ts';
import type { Gateway } from '../engine/gateway.ts';
import { markSql } from '../engine/kill.ts';
import { derivePersonIds, deriveUserProperties } from '../persons/derive-persons.ts';
import type { BlockRange } from '../persons/read-person-events.ts';
import { mayBeDamage } from './damage-error.ts';
import { DERIVE_SQL, DERIVED_TABLES, type DerivedTable } from './derive-sql.ts';

/** What the statements that take long begin with: see `killStatement`. */
export const REBUILD_MARK = 'rebuild';

const draftOf = (table: DerivedTable) => `${table}_rebuilt`;

/** Whether a table is the draft of a rebuild, which is dropped at the next start if it does not replace another one. */
export const isDraft = (table: string): boolean =>
  DERIVED_TABLES.some((derived) => draftOf(derived) === table);

/**
 * Derives a table from all events again, and replaces it in one step. `beforeReplacing` gets the number of rows in the new
 * one. Reads and writes as a stream, so it needs little memory; a crash leaves the old table. Rejects with StorageError.
 */
export async function rebuildTable(
  gateway: Gateway,
  table: DerivedTable,
  beforeReplacing: (rows: number) => Promise<void> = async () => {},
): Promise<void> {
  await createDraft(gateway, table);
  await fillDraft(gateway, table);
  await beforeReplacing(await countDraft(gateway, table));
  await replaceByDraft(gateway, table);
  await dropDraft(gateway, table);
}

/** Creates an empty draft of a table. */
export async function createDraft(gateway: Gateway, table: DerivedTable): Promise<void> {
  await dropDraft(gateway, table);
  await gateway.command(`CREATE TABLE ${draftOf(table)} AS ${table}`);
}

/**
 * Adds what is derived from the events of some blocks to a draft. The persons of IDs depend on all events, so they are derived
 * with the last blocks, those without a `to`.
 */
export async function fillDraft(
  gateway: Gateway,
  table: DerivedTable,
  { from = 0, to }: BlockRange = {},
): Promise<void> {
  const draft = { table: draftOf(table), mark: markSql(REBUILD_MARK) };
  const insert = DERIVE_SQL[table]?.replace(table, draft.table);
  if (table === 'user_properties') await deriveUserProperties(gateway, draft, { from, to });
  if (table === 'person_ids' && to === undefined) await derivePersonIds(gateway, draft);
  if (from === 0) await keepOlderRows(gateway, table);
  if (insert === undefined) return;
  const until = to === undefined ? '' : ` AND block < ${to}`;
  await gateway.command(`${draft.mark} ${insert} AND block >= ${from}${until}`);
}

/** The time of a row in each table whose rows retention may keep when it deletes the events. */
const TIME_OF: Partial<Record<DerivedTable, string>> = {
  users: 'first_seen',
  links: 'timestamp',
  user_properties: 'timestamp',
};

/**
 * Copies the rows of the time whose events were deleted by their age. If the table is damaged, these rows are lost: no event can
 * bring them back. Rejects with StorageError, also if that time cannot be read.
 */
async function keepOlderRows(gateway: Gateway, table: DerivedTable): Promise<void> {
  const time = TIME_OF[table];
  if (time === undefined) return;
  const projects = await gateway.query<{ project: string; until: string }>(
    'SELECT project_id AS project, toUnixTimestamp64Milli(max(until)) AS until FROM deleted_until GROUP BY project_id',
  );
  try {
    for (const { project, until } of projects) {
      const rows = `SELECT * FROM ${table} WHERE project_id = {project:String} AND ${time} <= fromUnixTimestamp64Milli({until:Int64})`;
      const insert = `${markSql(REBUILD_MARK)} INSERT INTO ${draftOf(table)} ${rows}`;
      await gateway.command(bind(insert, { project, until: Number(until) }));
    }
  } catch (error) {
    if (!mayBeDamage(error)) throw error;
  }
}

/** Fills an empty table from all events in one step, without changing which table it is. Rejects with StorageError. */
export async function fillEmptyTable(gateway: Gateway, table: DerivedTable): Promise<void> {
  await createDraft(gateway, table);
  await fillDraft(gateway, table);
  await gateway.command(`ALTER TABLE ${table} REPLACE PARTITION tuple() FROM ${draftOf(table)}`);
  await dropDraft(gateway, table);
}

/** Returns the number of rows in a draft. */
export async function countDraft(gateway: Gateway, table: DerivedTable): Promise<number> {
  const [row] = await gateway.query<{ rows: string }>(`SELECT count() AS rows FROM ${draftOf(table)}`);
  return Number(row?.rows ?? 0);
}

/** Replaces a table by its draft in one step: what was the table is the draft then. */
export async function replaceByDraft(gateway: Gateway, table: DerivedTable): Promise<void> {
  await gateway.command(`EXCHANGE TABLES ${table} AND ${draftOf(table)}`);
}

/** Drops the draft of a table, if there is one. */
export async function dropDraft(gateway: Gateway, table: DerivedTable): Promise<void> {
  await gateway.command(`DROP TABLE IF EXISTS ${draftOf(table)} SYNC`);
}

/** Drops the drafts that a crash or a failure left behind. */
export async function dropDrafts(gateway: Gateway): Promise<void> {
  for (const table of DERIVED_TABLES) await dropDraft(gateway, table);
}
