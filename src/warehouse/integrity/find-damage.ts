import type { Gateway } from '../engine/gateway.ts';
import { DERIVED_TABLES, type DerivedTable } from './derive-sql.ts';
import { type DetachedPart, type Ledger, listDetached } from './ledger.ts';
import type { LostPart } from './losses.ts';
import { listMissing } from './parts.ts';
import type { Before } from './read-before.ts';

/** Their loss shows by parts only: how many rows they must have is not known. */
const OTHER_TABLES = DERIVED_TABLES.filter((table) => table !== 'event_ids');

/** How an open store differs from what was recorded of it. */
export type Damage = {
  /** Rows of `events` as the engine counts them, and how many there must have been. */
  events: number;
  expected: number;
  /** Which parts of `events` are gone. */
  parts: LostPart[];
  /** Whether `event_ids` does not agree with `events`. */
  hasDamagedIds: boolean;
  /** The other derived tables that have lost a part. */
  damaged: Exclude<DerivedTable, 'event_ids'>[];
  hasNoLedger: boolean;
};

/** Compares an open store with what was recorded. Returns undefined if nothing is damaged. Rejects with StorageError. */
export async function findDamage(
  gateway: Gateway,
  { ledger, folders, knownEvents }: Before,
): Promise<Damage | undefined> {
  const known = typeof ledger === 'string' ? undefined : ledger;
  const { events, ids } = await countRows(gateway);
  const detached = await listDetached(gateway);
  const gone = (table: string) => listGone(table, known, folders[table] ?? [], detached);
  const eventParts = gone('events');
  const expected = Math.max(ids, known?.events ?? 0, knownEvents);
  const damage: Damage = {
    events,
    expected,
    parts: expected > events ? eventParts : [],
    // By count, not by part: a power failure may take a merged part, and the engine then uses what it was merged from.
    hasDamagedIds: events !== ids,
    damaged: OTHER_TABLES.filter((table) => gone(table).length > 0),
    hasNoLedger: known === undefined,
  };
  const isIntact =
    events === expected && !damage.hasDamagedIds && damage.damaged.length === 0 && !damage.hasNoLedger;
  return isIntact ? undefined : damage;
}

/** Returns which parts of a table are gone since they were recorded. Rejects with StorageError. */
export async function listGoneParts(
  gateway: Gateway,
  { ledger, folders }: Before,
  table: string,
): Promise<LostPart[]> {
  if (typeof ledger === 'string') return [];
  return listGone(table, ledger, folders[table] ?? [], await listDetached(gateway));
}

async function countRows(gateway: Gateway): Promise<{ events: number; ids: number }> {
  const [row] = await gateway.query<{ events: string; ids: string }>(
    'SELECT (SELECT count() FROM events) AS events, (SELECT count() FROM event_ids) AS ids',
  );
  return { events: Number(row?.events ?? 0), ids: Number(row?.ids ?? 0) };
}

/** The parts of a table that were not on disk before it was opened, and those that the engine has found broken since. */
function listGone(
  table: string,
  ledger: Ledger | undefined,
  folders: string[],
  detached: DetachedPart[],
): LostPart[] {
  const record = ledger?.tables[table];
  const known = new Set(record?.detached);
  const broken = detached.filter(
    (part) => part.table === table && part.reason.includes('broken') && !known.has(part.name),
  );
  const parts = broken.map(({ name, path }) => ({ name: toPartName(name), detached: path }));
  const named = new Set(parts.map(({ name }) => name));
  // A part may have been set aside by `doctor` before: then its folder is gone too.
  const missing = listMissing(Object.keys(record?.parts ?? {}), folders).filter((name) => !named.has(name));
  return [...parts, ...missing.map((name) => ({ name, detached: undefined }))].map((part) => ({
    ...part,
    ...record?.parts[part.name],
  }));
}

/** `broken-on-start_2026_1_4_1` is the part `2026_1_4_1`; another part of that name before it adds `_try1`. */
function toPartName(name: string): string {
  return name.replace(/^\D+_(?=[^_]+_\d+_\d+_\d+)/, '').replace(/_try\d+$/, '');
}
