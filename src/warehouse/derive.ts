import type { Gateway } from './engine/gateway.ts';
import { COUNT_UNDERIVED_USERS_SQL, DERIVE_IDS_SQL, DERIVE_USERS_SQL } from './integrity/derive-sql.ts';
import { repairPersons } from './persons/repair-persons.ts';

/** Called after each step of a long repair, with the event ids derived so far and in all. */
export type OnProgress = (done: number, total: number) => void;

/** Ids derived by one statement: a few seconds of work, 100 MB of memory. */
const STEP_IDS = 1_000_000;

const DERIVED_SQL = `SELECT max(block) AS last, countIf(block = (SELECT max(block) FROM event_ids)) AS ids FROM event_ids`;

type Stored = { missing: string; same: string; highest: string };

/**
 * Derives whatever may be missing and returns the highest stored block number. Of blocks below `from`, nothing is missing;
 * by default, below the highest one. Rejects with StorageError.
 */
export async function deriveMissing(gateway: Gateway, from?: number): Promise<number> {
  const highest = await deriveMissingIds(gateway);
  await deriveInterrupted(gateway, highest, from);
  await repairPersons(gateway, { from: Math.min(from ?? highest, highest), highest });
  return highest;
}

/**
 * Derives what an interrupted insert of several blocks may have left out. The writer inserts blocks together, those of a
 * year as one part, so any of them may have rows without derived ones; `from` is the lowest of them. `highest` is the
 * highest stored block number. Rejects with StorageError.
 */
export async function deriveInterrupted(gateway: Gateway, highest: number, from = highest): Promise<void> {
  const lowest = Math.min(from, highest);
  if (lowest < highest) await gateway.command(deriveAbsentIdsSql(`block >= ${lowest}`));
  await deriveMissingUsers(gateway, lowest);
}

/** Only for some 10,000 rows, so that those in memory are few. */
const deriveAbsentIdsSql = (blocks: string) => `${DERIVE_IDS_SQL} AND ${blocks}
  AND (project_id, event_id, app_id, verified) NOT IN (
    SELECT project_id, event_id, app_id, verified FROM event_ids WHERE ${blocks})`;

/**
 * Derives the ids that may be missing and returns the highest stored block number. Usually that is one block; after a
 * migration of `event_ids` it is all of them, in steps. Rejects with StorageError.
 */
export async function deriveMissingIds(gateway: Gateway, onProgress: OnProgress = () => {}): Promise<number> {
  const [derived] = await gateway.query<{ last: string; ids: string }>(DERIVED_SQL);
  const last = Number(derived?.last ?? 0);
  const [stored] = await gateway.query<Stored>(
    `SELECT countIf(block > {last:UInt64}) AS missing, countIf(block = {last:UInt64}) AS same, max(block) AS highest FROM events`,
    { last },
  );
  const highest = Number(stored?.highest ?? 0);
  // A kill may have interrupted deriving the highest block. Nothing is deleted: a process that was frozen could do that too late.
  const isCut = Number(stored?.same ?? 0) > Number(derived?.ids ?? 0);
  if (isCut) await gateway.command(deriveAbsentIdsSql(`block = ${last}`));
  await deriveIds(gateway, last, { missing: Number(stored?.missing ?? 0), highest }, onProgress);
  return Math.max(last, highest);
}

/**
 * Derives the users of blocks from `from` on that may be missing, also when the ids of these blocks are there. Rejects with
 * StorageError.
 */
export async function deriveMissingUsers(gateway: Gateway, from: number): Promise<void> {
  // Deriving them twice changes nothing, but needs room that a full disk does not have.
  const [users] = await gateway.query<{ missing: string }>(COUNT_UNDERIVED_USERS_SQL, { from });
  if (Number(users?.missing) !== 0) await gateway.command(`${DERIVE_USERS_SQL} AND block >= ${from}`);
}

async function deriveIds(
  gateway: Gateway,
  after: number,
  { missing, highest }: { missing: number; highest: number },
  onProgress: OnProgress,
): Promise<void> {
  const bounds = missing > STEP_IDS ? await findBounds(gateway, after, Math.ceil(missing / STEP_IDS)) : [];
  let from = after;
  for (const [step, to] of [...bounds, highest].entries()) {
    if (to <= from) continue;
    // In the order of blocks and by one thread, so that a kill leaves a beginning: every block below the highest one is
    // complete.
    await gateway.command(`${DERIVE_IDS_SQL} AND block > ${from} AND block <= ${to} ORDER BY block`);
    from = to;
    if (bounds.length > 0) onProgress(Math.round((missing * (step + 1)) / (bounds.length + 1)), missing);
  }
}

/** Returns the blocks between steps of about equal size, from a sample: an exact count would take more memory. */
async function findBounds(gateway: Gateway, after: number, steps: number): Promise<number[]> {
  const levels = Array.from({ length: steps - 1 }, (_, index) => (index + 1) / steps).join(', ');
  const [row] = await gateway.query<{ bounds: number[] }>(
    `SELECT quantiles(${levels})(block) AS bounds FROM events WHERE block > {after:UInt64}`,
    { after },
  );
  return (row?.bounds ?? []).map((bound) => Math.floor(Number(bound)));
}
