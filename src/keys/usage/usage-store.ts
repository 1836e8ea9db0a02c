import { setImmediate } from 'node:timers/promises';
import { type Insertable, type Selectable, sql } from 'kysely';
import { type Control, type ControlTransaction, whenFree } from '../../control/open.ts';
import type { KeyUsageHourTable, KeyUsageTable } from '../../control/schema.ts';
import type { ReadableControl } from '../../directory/load-changes.ts';
import type { Clock } from '../../lib/clock.ts';
import { DAY_MS, HOUR_MS } from '../../lib/durations.ts';
import {
  addSecretUse,
  createKeyUse,
  type KeyUse,
  OUTCOMES_PER_CATEGORY,
  USAGE_CATEGORIES,
} from './usage-tally.ts';

/** The outcomes of requests with one key in one hour and category. `hour` is its first millisecond. */
export type UsageHour = Omit<Selectable<KeyUsageHourTable>, 'key_id'>;

/** The counts of a key in a past hour that are not written yet. */
type PastHour = { keyId: string; hour: number; counts: Uint32Array };

type State = {
  control: ReadableControl;
  uses: Map<string, KeyUse>;
  unsaved: Set<KeyUse>;
  past: PastHour[];
  /** The last flush whose rows are all in memory. */
  flushSeen: number;
  stamp: number;
  prunedAt: number;
};

const COUNTS = USAGE_CATEGORIES.length * OUTCOMES_PER_CATEGORY;
const ROWS_PER_STATEMENT = 200;
const HOURS_KEPT_MS = 90 * DAY_MS;
const PRUNE_EVERY_MS = HOUR_MS;

/** Creates the store that writes `uses` to the database and loads what other processes wrote. */
export function createUsageStore(control: ReadableControl, clock: Clock, uses: Map<string, KeyUse>) {
  const state: State = {
    control,
    uses,
    unsaved: new Set(),
    past: [],
    flushSeen: 0,
    stamp: -1,
    prunedAt: clock.now(),
  };
  let running: Promise<unknown> = Promise.resolve();

  // One after another: no flush runs while hours are read, so that nothing is counted twice or left out.
  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = running.then(step);
    running = turn.catch(() => undefined);
    return turn;
  }

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
    flush: () => whenFree(() => inTurn(() => flush(state, clock.now()))),
    listHours: (keyId: string, from: number, to: number) => inTurn(() => listHours(state, keyId, from, to)),
  };
}

/** Loads what this and other processes wrote since the last time. */
async function loadChanges(state: State, db: Control['db'] = state.control.db) {
  // Read before the rows: what is committed in between is loaded again next time.
  const stamp = state.control.changeStamp();
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

async function flush(state: State, now: number): Promise<void> {
  const isPruning = now - state.prunedAt >= PRUNE_EVERY_MS;
  if (state.unsaved.size === 0 && !isPruning) {
    if (state.control.changeStamp() !== state.stamp) await loadChanges(state);
    return;
  }
  let unsaved: Unsaved = { uses: [], hours: [], secretRows: [] };
  try {
    state.flushSeen = await state.control.db.transaction().execute(async (tx) => {
      const flushId = await nextFlushId(tx);
      // Only after the lock is acquired: an attempt that is locked out changes nothing.
      unsaved = takeUnsaved(state);
      await loadChanges(state, tx);
      await saveInParts(unsaved.secretRows, (rows) => saveSecrets(tx, rows, flushId));
      await saveInParts(unsaved.hours.flatMap(hourRowsOf), (rows) => saveHours(tx, rows));
      if (isPruning)
        await tx
          .deleteFrom('key_usage_hours')
          .where('hour', '<', now - HOURS_KEPT_MS)
          .execute();
      return flushId;
    });
  } catch (error) {
    state.past.push(...unsaved.hours);
    for (const use of unsaved.uses) markUnsaved(state, use);
    throw error;
  }
  if (isPruning) state.prunedAt = now;
  for (const row of unsaved.secretRows) markSaved(state, row);
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
  const hours = [...state.past.splice(0), ...uses.flatMap(currentHourOf)];
  for (const use of uses) {
    use.counts = undefined;
    use.isUnsaved = false;
  }
  return { uses, hours, secretRows: uses.flatMap(secretRowsOf) };
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

/** Saves many rows per statement and yields to the event loop in between: a flush must not delay requests. */
async function saveInParts<T>(rows: readonly T[], save: (part: T[]) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    if (start > 0) await setImmediate();
    await save(rows.slice(start, start + ROWS_PER_STATEMENT));
  }
}

type SecretRow = Omit<Insertable<KeyUsageTable>, 'flush'>;
type HourRow = Insertable<KeyUsageHourTable>;
/** The counts that a flush writes. */
type Unsaved = { uses: KeyUse[]; hours: PastHour[]; secretRows: SecretRow[] };

function secretRowsOf({ keyId, secrets }: KeyUse): SecretRow[] {
  return secrets
    .filter(({ requestsUnsaved }) => requestsUnsaved > 0)
    .map((secret) => ({
      key_id: keyId,
      version: secret.version,
      last_used_at: secret.lastUsedAt,
      last_used_ip: secret.lastUsedIp,
      last_used_sdk: secret.lastUsedSdk,
      request_count: secret.requestsUnsaved,
      bundle_id_mismatches: secret.mismatchesUnsaved,
    }));
}

const currentHourOf = ({ keyId, hour, counts }: KeyUse): PastHour[] =>
  counts === undefined ? [] : [{ keyId, hour, counts }];

function hourRowsOf({ keyId, hour, counts }: PastHour): HourRow[] {
  return USAGE_CATEGORIES.flatMap((category, index) => {
    const start = index * OUTCOMES_PER_CATEGORY;
    const [ok = 0, unauthorized = 0, forbidden = 0, limited = 0] = counts.subarray(
      start,
      start + OUTCOMES_PER_CATEGORY,
    );
    if (ok + unauthorized + forbidden + limited === 0) return [];
    return [{ key_id: keyId, hour, category, ok, unauthorized, forbidden, limited }];
  });
}

/** Each process adds its own counts, and the latest use wins. */
async function saveSecrets(tx: ControlTransaction, rows: SecretRow[], flush: number): Promise<void> {
  await tx
    .insertInto('key_usage')
    .values(rows.map((row) => ({ ...row, flush })))
    .onConflict((conflict) =>
      conflict.columns(['key_id', 'version']).doUpdateSet((eb) => {
        const latest = <T>(column: 'last_used_at' | 'last_used_ip' | 'last_used_sdk') =>
          sql<T>`case when excluded.last_used_at >= key_usage.last_used_at then ${eb.ref(`excluded.${column}`)} else ${eb.ref(`key_usage.${column}`)} end`;
        return {
          last_used_at: latest<number>('last_used_at'),
          last_used_ip: latest<string | null>('last_used_ip'),
          last_used_sdk: latest<string | null>('last_used_sdk'),
          request_count: eb('key_usage.request_count', '+', eb.ref('excluded.request_count')),
          bundle_id_mismatches: eb(
            'key_usage.bundle_id_mismatches',
            '+',
            eb.ref('excluded.bundle_id_mismatches'),
          ),
          flush,
        };
      }),
    )
    .execute();
}

async function saveHours(tx: ControlTransaction, rows: HourRow[]): Promise<void> {
  await tx
    .insertInto('key_usage_hours')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['key_id', 'hour', 'category']).doUpdateSet((eb) => ({
        ok: eb('key_usage_hours.ok', '+', eb.ref('excluded.ok')),
        unauthorized: eb('key_usage_hours.unauthorized', '+', eb.ref('excluded.unauthorized')),
        forbidden: eb('key_usage_hours.forbidden', '+', eb.ref('excluded.forbidden')),
        limited: eb('key_usage_hours.limited', '+', eb.ref('excluded.limited')),
      })),
    )
    .execute();
}

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
