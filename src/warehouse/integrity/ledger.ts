import { join } from 'node:path';
import { DATABASE_NAME } from '../engine/connection.ts';
import type { Gateway } from '../engine/gateway.ts';
import { type Definitions, readDefinitions } from './definitions.ts';
import type { Deletion } from './deletion.ts';
import type { Part } from './parts.ts';
import { isDraft } from './rebuild.ts';
import { readSealedFile, writeSealedFile } from './sealed-file.ts';

/** A table as recorded. */
export type TableRecord = {
  /** Its folder, within the store's. */
  path: string;
  parts: Record<string, Part>;
  /** Parts that the engine had set aside by then. */
  detached: string[];
};

/**
 * What the event store contained when it was last recorded, kept beside the tables. It may lag behind: events are only
 * added and parts are only merged, so there is never less, apart from the `deletion` that is under way: `events` is how
 * many it leaves.
 */
export type Ledger = {
  events: number;
  definitions: Definitions;
  tables: Record<string, TableRecord>;
  deletion?: Deletion;
};

const FILE = 'ledger.json';

/** The path of the ledger in the store's folder. */
export const ledgerFile = (folder: string) => join(folder, FILE);

/** Returns the ledger of the store in `folder`; `missing` or `damaged` if there is none to trust. */
export async function readLedger(folder: string): Promise<Ledger | 'missing' | 'damaged'> {
  const read = await readSealedFile(ledgerFile(folder));
  return typeof read === 'string' ? read : (read.value as Ledger);
}

type PartRow = { table: string; name: string; rows: string; from: string; to: string };

/** Returns what the open store contains now. Rejects with StorageError or the system's error. */
export async function takeLedger(gateway: Gateway, folder: string): Promise<Ledger> {
  const tables: Record<string, TableRecord> = {};
  const paths = await gateway.query<{ name: string; uuid: string }>(
    `SELECT name, toString(uuid) AS uuid FROM system.tables WHERE database = '${DATABASE_NAME}'`,
  );
  for (const { name, uuid } of paths.filter((table) => !isDraft(table.name)))
    tables[name] = { path: `store/${uuid.slice(0, 3)}/${uuid}`, parts: {}, detached: [] };
  for (const part of await listParts(gateway)) {
    const rows = Number(part.rows);
    const record = tables[part.table];
    if (record) record.parts[part.name] = { rows, from: part.from, to: part.to };
  }
  for (const { table, name } of await listDetached(gateway)) tables[table]?.detached.push(name);
  const parts = Object.values(tables.events?.parts ?? {});
  const events = parts.reduce((sum, { rows }) => sum + rows, 0);
  return { events, definitions: await readDefinitions(folder), tables };
}

/** Skips empty parts, which the engine keeps for a while after all of their rows were deleted. */
async function listParts(gateway: Gateway): Promise<PartRow[]> {
  return await gateway.query<PartRow>(
    `SELECT table, name, rows, if(table = 'events', toString(min_time), '') AS from,
      if(table = 'events', toString(max_time), '') AS to
    FROM system.parts WHERE database = '${DATABASE_NAME}' AND active AND rows > 0`,
  );
}

/** A part that the engine has set aside, such as one that it found broken. */
export type DetachedPart = { table: string; name: string; reason: string; path: string };

/** Returns the parts that the engine has set aside. Rejects with StorageError. */
export async function listDetached(gateway: Gateway): Promise<DetachedPart[]> {
  return await gateway.query<DetachedPart>(
    `SELECT table, name, reason, path FROM system.detached_parts WHERE database = '${DATABASE_NAME}'`,
  );
}

/** Replaces the ledger. It is on disk when the promise resolves. Rejects with the system's error. */
export async function writeLedger(folder: string, ledger: Ledger): Promise<void> {
  await writeSealedFile(ledgerFile(folder), ledger);
}
