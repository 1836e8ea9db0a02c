import type { Selectable } from 'kysely';
import type { Control, ControlTransaction } from '../../control/control.ts';
import { createMarkedWrites, type MarkedWrites } from '../../control/marked-writes.ts';
import { whenFree } from '../../control/open-sqlite.ts';
import type { DroppedRows } from '../../control/save-rows.ts';
import type { KeyUsageHourTable, KeyUsageTable } from '../../control/schema.ts';
import type { ReadableControl } from '../../directory/load-changes.ts';
import type { Clock } from '../../lib/clock.ts';
import { DAY_MS } from '../../lib/durations.ts';
import { createTurns } from '../../lib/turns.ts';
import {
  hourRowsOf,
  type PastHour,
  type SecretRow,
  saveUsageRows,
  secretRowsOf,
  type UnsavedUsage,
} from './usage-rows.ts';
import {
  addSecretUse,
  createKeyUse,
  type KeyUse,
  OUTCOMES_PER_CATEGORY,
  USAGE_CATEGORIES,
} from './usage-tally.ts';

/** The outcomes of requests with one key in one hour and category. `hour` is its first millisecond. */
export type UsageHour = Omit<Selectable<KeyUsageHourTable>, 'key_id'>;

/** What a flush writes, and the keys it belongs to. */
type Unsaved = UnsavedUsage & { uses: KeyUse[] };

type State = {
  control: ReadableControl;
  writes: MarkedWrites;
  onDropped: (dropped: DroppedRows) => void;
  uses: Map<string, KeyUse>;
  unsaved: Set<KeyUse>;
  past: PastHour[];
  /** The last flush whose rows are all in memory. */
  flushSeen: number;
  /** How often the database had gone back to an earlier state when they were loaded. */
  rollbacks: number;
  stamp: number;
};

const COUNTS = USAGE_CATEGORIES.length * OUTCOMES_PER_CATEGORY;
const HOURS_KEPT_MS = 90 * DAY_MS;

/** The store of key usage. */
export type UsageStore = ReturnType<typeof createUsageStore>;

/**
 * Creates the store that writes `uses` to the database and loads what other processes wrote. `onDropped` receives rows that
 * cannot be stored.
 */
export function createUsageStore(
  control: ReadableControl,
  clock: Clock,
  uses: Map<string, KeyUse>,
  onDropped: (dropped: DroppedRows) => void = () => undefined,
) {
  const state: State = {
    control,
    writes: createMarkedWrites(control, clock),
    onDropped,
    uses,
    unsaved: new Set(),
    past: [],
    flushSeen: 0,
    rollbacks: control.countRollbacks(),
    stamp: -1,
  };
  // One after another: no flush runs while hours are read, so that nothing is counted twice or left out.
  const { run: inTurn } = createTurns();

  return {
    load: () => loadChanges(state),
    markUnsaved: (use: KeyUse) => markUnsaved(state, use),
    /** Returns the counts of the hour; those of a past hour are set aside for the next flush. */
    countsOf(use: KeyUse, hour: number): Uint32Array {
      if (use.counts !== undefined && use.hour === hour) return use.counts;
      if (use.counts !== undefined) state.past.push({ keyId: use.keyId, hour: use.hour, counts: use.counts });
      use.hour = hour;
      use.counts = new Uint32Array(COUNTS);
      return use.counts;
    },
    // Each attempt takes its own turn, so that hours can be read while this waits for another process's write lock.
    flush: () => whenFree(() => inTurn(() => flush(state))),
    listHours: (keyId: string, from: number, to: number) =>
      inTurn(() => state.writes.settle().then(() => listHours(state, keyId, from, to))),
    close: state.writes.close,
  };
}

/** Deletes the hours that are past their 90 days. Rejects with StorageError. */
export async function pruneUsageHours({ db }: Pick<Control, 'db'>, now: number): Promise<void> {
  const old = db.deleteFrom('key_usage_hours').where('hour', '<', now - HOURS_KEPT_MS);
  await whenFree(() => old.execute());
}

/** Loads what this and other processes wrote since the last time. */
async function loadChanges(state: State, db: Control['db'] = state.control.db) {
  // Read before the rows: what is committed in between is loaded again next time.
  const stamp = state.control.changeStamp();
  const rollbacks = state.control.countRollbacks();
  if (rollbacks !== state.rollbacks) state.flushSeen = 0;
  state.rollbacks = rollbacks;
  const rows = await db.selectFrom('key_usage').selectAll().where('flush', '>', state.flushSeen).execute();
  for (const row of rows) applyRow(state, row);
  state.stamp = stamp;
}

function applyRow(state: State, row: Selectable<KeyUsageTable>): void {
  let use = state.uses.get(row.key_id);
  if (!use) {
    use = createKeyUse(row.key_id);
    state.uses.set(row.key_id, use);
  }
  const secret = use.secrets.find(({ version }) => version === row.version) ?? addSecretUse(use, row.version);
  secret.requestsSaved = Number(row.request_count);
  secret.mismatchesSaved = Number(row.bundle_id_mismatches);
  state.flushSeen = Math.max(state.flushSeen, Number(row.flush));
  if (Number(row.last_used_at) < secret.lastUsedAt) return;
  secret.lastUsedAt = Number(row.last_used_at);
  secret.lastUsedIp = row.last_used_ip;
  secret.lastUsedSdk = row.last_used_sdk;
}

async function flush(state: State): Promise<void> {
  // Otherwise what is loaded would contain counts that are still among the unsaved ones.
  await state.writes.settle();
  if (state.unsaved.size === 0) {
    if (state.control.changeStamp() !== state.stamp) await loadChanges(state);
    return;
  }
  let unsaved: Unsaved = { uses: [], hours: [], secretRows: [] };
  let dropped: DroppedRows[] = [];
  let flushId = 0;
  const save = async (tx: ControlTransaction) => {
    flushId = await nextFlushId(tx);
    // Only after the lock is acquired: an attempt that is locked out changes nothing.
    unsaved = takeUnsaved(state);
    await loadChanges(state, tx);
    dropped = await saveUsageRows(tx, unsaved, flushId);
  };
  await state.writes.run(save, {
    onSaved() {
      state.flushSeen = flushId;
      for (const row of unsaved.secretRows) markSaved(state, row);
      dropped.forEach(state.onDropped);
    },
    onUndone() {
      state.past.push(...unsaved.hours);
      for (const use of unsaved.uses) markUnsaved(state, use);
    },
  });
}

function markUnsaved(state: State, use: KeyUse): void {
  if (use.isUnsaved) return;
  use.isUnsaved = true;
  state.unsaved.add(use);
}

/** Moves the counts out of their keys, which restart at zero. If the flush fails, they are added to the past hours. */
function takeUnsaved(state: State): Unsaved {
  const uses = [...state.unsaved];
  state.unsaved.clear();
  const hours = addUp([...state.past.splice(0), ...uses.flatMap(currentHourOf)]);
  for (const use of uses) {
    use.counts = undefined;
    use.isUnsaved = false;
  }
  return { uses, hours, secretRows: uses.flatMap(secretRowsOf) };
}

/** Adds up counts of the same key and hour, which failed flushes leave behind: PostgreSQL changes no row twice in a statement. */
function addUp(hours: readonly PastHour[]): PastHour[] {
  const sums = new Map<string, PastHour>();
  for (const { keyId, hour, counts } of hours) {
    const name = `${keyId} ${hour}`;
    const sum = sums.get(name)?.counts;
    sums.set(name, { keyId, hour, counts: counts.map((count, index) => count + (sum?.[index] ?? 0)) });
  }
  return [...sums.values()];
}

/** The first statement of the transaction: it takes the write lock, so flushes are numbered in commit order. */
async function nextFlushId(tx: ControlTransaction): Promise<number> {
  const { value } = await tx
    .updateTable('usage_flush')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .where('id', '=', 1)
    .returning('value')
    .executeTakeFirstOrThrow();
  return Number(value);
}

/** Called after the commit. Moves exactly what was written, so that what was counted meanwhile stays unsaved. */
function markSaved(state: State, row: SecretRow): void {
  const secret = state.uses.get(row.key_id)?.secrets.find(({ version }) => version === row.version);
  if (!secret) return;
  secret.requestsSaved += row.request_count;
  secret.requestsUnsaved -= row.request_count;
  secret.mismatchesSaved += row.bundle_id_mismatches;
  secret.mismatchesUnsaved -= row.bundle_id_mismatches;
}

const currentHourOf = ({ keyId, hour, counts }: KeyUse): PastHour[] =>
  counts === undefined ? [] : [{ keyId, hour, counts }];

async function listHours(state: State, keyId: string, from: number, to: number): Promise<UsageHour[]> {
  const rows = await state.control.db
    .selectFrom('key_usage_hours')
    .selectAll()
    .where('key_id', '=', keyId)
    .where('hour', '>=', from)
    .where('hour', '<', to)
    .execute();
  const use = state.uses.get(keyId);
  const unsaved = [...state.past.filter((past) => past.keyId === keyId), ...(use ? currentHourOf(use) : [])];
  const merged = new Map<string, UsageHour>();
  for (const { key_id: _, ...row } of [...rows, ...unsaved.flatMap(hourRowsOf)]) {
    const hour = Number(row.hour);
    if (hour < from || hour >= to) continue;
    const known = merged.get(`${hour} ${row.category}`);
    merged.set(`${hour} ${row.category}`, {
      hour,
      category: row.category,
      ok: Number(row.ok) + (known?.ok ?? 0),
      unauthorized: Number(row.unauthorized) + (known?.unauthorized ?? 0),
      forbidden: Number(row.forbidden) + (known?.forbidden ?? 0),
      limited: Number(row.limited) + (known?.limited ?? 0),
    });
  }
  return [...merged.values()].sort((a, b) => a.hour - b.hour || (a.category < b.category ? -1 : 1));
}
