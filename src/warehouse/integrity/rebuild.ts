import { bind } from '../engine/bind.ts';
import type { Gateway } from '../engine/gateway.ts';
import { markSql } from '../engine/kill.ts';
import { derivePersonIds, deriveUserProperties } from '../persons/derive-persons.ts';
import type { BlockRange } from '../persons/read-person-events.ts';
import { DERIVE_SQL, DERIVED_TABLES, type DerivedTable } from './derive-sql.ts';
import { keepOlderRows } from './keep-older-rows.ts';
import type { AgingTable } from './lost-rows.ts';

/** What the statements that take long begin with: see `killStatement`. */
export const REBUILD_MARK = 'rebuild';

const draftOf = (table: DerivedTable) => `${table}_rebuilt`;

/** Whether a table is the draft of a rebuild, which is dropped at the next start if it does not replace another one. */
export const isDraft = (table: string): boolean =>
  DERIVED_TABLES.some((derived) => draftOf(derived) === table);

/** What a rebuild calls before it replaces a table. */
export type BeforeReplacing = {
  /** Is called with the number of rows in the new table. */
  count?: (rows: number) => Promise<void>;
  /** Is called if rows that can no longer be derived are lost: see `keepOlderRows`. */
  noteLostRows: (table: AgingTable) => Promise<void>;
};

/**
 * Derives a table from all events again, and replaces it in one step. Reads and writes as a stream, so it needs little memory; a crash
 * leaves the old table. Rejects with StorageError.
 */
export async function rebuildTable(
  gateway: Gateway,
  table: DerivedTable,
  { count, noteLostRows }: BeforeReplacing,
): Promise<void> {
  await createDraft(gateway, table);
  const damaged = await fillDraft(gateway, table);
  if (damaged) await noteLostRows(damaged);
  await count?.(await countDraft(gateway, table));
  await replaceByDraft(gateway, table);
  await dropDraft(gateway, table);
}

/** Creates an empty draft of a table. */
export async function createDraft(gateway: Gateway, table: DerivedTable): Promise<void> {
  await dropDraft(gateway, table);
  await gateway.command(`CREATE TABLE ${draftOf(table)} AS ${table}`);
}

/**
 * Adds what is derived from the events of some blocks to a draft, and with the first ones the rows of events that retention has
 * deleted. Returns the table if some of these are damaged, and so left out. The persons of IDs depend on all events, so they are derived
 * with the last blocks, those without a `to`.
 */
export async function fillDraft(
  gateway: Gateway,
  table: DerivedTable,
  { from = 0, to }: BlockRange = {},
): Promise<AgingTable | undefined> {
  const draft = { table: draftOf(table), mark: markSql(REBUILD_MARK) };
  const insert = DERIVE_SQL[table]?.replace(table, draft.table);
  if (table === 'user_properties') await deriveUserProperties(gateway, draft, { from, to });
  if (table === 'person_ids' && to === undefined) await derivePersonIds(gateway, draft);
  const damaged = from > 0 ? undefined : await keepOlderRows(gateway, table, draft);
  const until = to === undefined ? '' : ` AND block < ${to}`;
  if (insert !== undefined) await gateway.command(`${draft.mark} ${insert} AND block >= ${from}${until}`);
  return damaged;
}

/**
 * Copies the rows of all other projects to a draft, and adds what is derived from the events of one. Nothing may be stored meanwhile.
 * Returns the table as `fillDraft` does. Rejects with StorageError.
 */
export async function fillDraftOfProject(
  gateway: Gateway,
  table: DerivedTable,
  projectId: string,
): Promise<AgingTable | undefined> {
  const draft = { table: draftOf(table), mark: markSql(REBUILD_MARK) };
  const run = (sql: string) => gateway.command(`${draft.mark} ${bind(sql, { project: projectId })}`);
  await run(`INSERT INTO ${draft.table} SELECT * FROM ${table} WHERE project_id != {project:String}`);
  const insert = DERIVE_SQL[table]?.replace(table, draft.table);
  if (insert !== undefined) await run(`${insert} AND project_id = {project:String}`);
  if (table === 'user_properties') await deriveUserProperties(gateway, draft, { projectId });
  if (table === 'person_ids') await derivePersonIds(gateway, draft, { projectId });
  return await keepOlderRows(gateway, table, draft, { projectId });
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
