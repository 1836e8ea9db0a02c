import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { errorCodeOf } from '../lib/errors.ts';
import type { ControlTransaction } from './control.ts';

/** Rows that the database rejects because of their contents: how many, and the last error. */
export type DroppedRows = { count: number; error: unknown };

/**
 * Saves rows. Those that the database rejects because of their contents are left out and returned, so that one row never keeps out the
 * others. Rejects with any other error. `lockOrder` has the columns to sort by, for rows that other nodes add to as well: transactions that lock
 * the same rows in different orders would deadlock.
 */
export async function saveRows<T>(
  tx: ControlTransaction,
  rows: readonly T[],
  save: (rows: readonly T[]) => Promise<unknown>,
  lockOrder: readonly (keyof T)[] = [],
): Promise<DroppedRows | undefined> {
  const dropped: DroppedRows = { count: 0, error: undefined };
  const sorted =
    lockOrder.length === 0 ? rows : rows.toSorted((one, other) => compare(one, other, lockOrder));
  await savePart(tx, sorted, save, dropped);
  return dropped.count === 0 ? undefined : dropped;
}

function compare<T>(one: T, other: T, columns: readonly (keyof T)[]): number {
  for (const column of columns) {
    if (one[column] < other[column]) return -1;
    if (one[column] > other[column]) return 1;
  }
  return 0;
}

/**
 * Data exceptions and constraint violations of PostgreSQL (classes 22 and 23,
 * https://www.postgresql.org/docs/current/errcodes-appendix.html), and their counterparts in SQLite (https://sqlite.org/rescode.html).
 */
const CONTENTS_CODE = /^(2[23][\dA-Z]{3}$|SQLITE_(CONSTRAINT|MISMATCH|TOOBIG))/;

/** Halves rows that are refused until those are found that cannot be stored. */
async function savePart<T>(
  tx: ControlTransaction,
  rows: readonly T[],
  save: (rows: readonly T[]) => Promise<unknown>,
  dropped: DroppedRows,
): Promise<void> {
  if (rows.length === 0) return;
  const refusal = await findRefusal(tx, () => save(rows));
  if (refusal === undefined) return;
  if (rows.length === 1) {
    dropped.count += 1;
    dropped.error = refusal.error;
    return;
  }
  await setImmediate();
  const middle = Math.floor(rows.length / 2);
  await savePart(tx, rows.slice(0, middle), save, dropped);
  await savePart(tx, rows.slice(middle), save, dropped);
}

/** Undoes `work` if it is refused, and returns why. Without the savepoint, PostgreSQL would refuse the whole transaction. */
async function findRefusal(
  tx: ControlTransaction,
  work: () => Promise<unknown>,
): Promise<{ error: unknown } | undefined> {
  let refusal: { error: unknown } | undefined;
  await sql`SAVEPOINT rows_to_save`.execute(tx);
  try {
    await work();
  } catch (error) {
    // If the database itself fails, saving fewer rows doesn't help.
    if (!CONTENTS_CODE.test(errorCodeOf(error))) throw error;
    await sql`ROLLBACK TO SAVEPOINT rows_to_save`.execute(tx);
    refusal = { error };
  }
  await sql`RELEASE SAVEPOINT rows_to_save`.execute(tx);
  return refusal;
}
