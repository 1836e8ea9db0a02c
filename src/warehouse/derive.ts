import type { Gateway } from './engine/gateway.ts';
import { COUNT_UNDERIVED_USERS_SQL, DERIVE_IDS_SQL, DERIVE_USERS_SQL } from './integrity/derive-sql.ts';
import { repairPersons } from './persons/repair-persons.ts';

/** Called after each step of a long repair, with the event ids derived so far and in all. */
export type OnProgress = (done: number, total: number) => void;

/** Ids derived by one statement: a few seconds of work, 100 MB of memory. */
const STEP_IDS = 1_000_000;

const DERIVED_SQL = `SELECT max(block) AS last, countIf(block = (SELECT max(block) FROM event_ids)) AS ids FROM event_ids`;

type Stored = { missing: string; same: string; highest: string };

/** Derives whatever may be missing and returns the highest stored block number. Rejects with StorageError. */
export async function deriveMissing(gateway: Gateway): Promise<number> {
  const highest = await deriveMissingIds(gateway);
  await deriveMissingUsers(gateway, highest);
  await repairPersons(gateway, { from: highest, highest });
  return highest;
}

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
  // A kill may have interrupted deriving the highest block. Its ids are derived again, so that each is there once.
  const isCut = Number(stored?.same ?? 0) > Number(derived?.ids ?? 0);
  if (isCut)
    await gateway.command(`ALTER TABLE event_ids DELETE WHERE block = ${last} SETTINGS mutations_sync = 2`);
  await deriveIds(
    gateway,
    isCut ? last - 1 : last,
    { missing: Number(stored?.missing ?? 0), highest },
    onProgress,
  );
  return Math.max(last, highest);
}

/**
 * Derives the users that may be missing; `highest` is the highest stored block number. The writer derives each block before
 * it inserts the next, so users of that one alone can be missing, also when its ids are there. Rejects with StorageError.
 */
export async function deriveMissingUsers(gateway: Gateway, highest: number): Promise<void> {
  // Deriving them twice changes nothing, but needs room that a full disk does not have.
  const [users] = await gateway.query<{ missing: string }>(COUNT_UNDERIVED_USERS_SQL, { highest });
  if (Number(users?.missing) !== 0) await gateway.command(`${DERIVE_USERS_SQL} AND block >= ${highest}`);
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
