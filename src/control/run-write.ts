import type { ControlTransaction, Recheck, Write } from './control.ts';

/**
 * Runs `recheck`, then `change`, in the transaction `tx`, and returns what `change` returns. The first statement takes the
 * write lock before anything is read: of the whole database in SQLite, of this row in PostgreSQL. So writes happen one
 * after another, and each sees all before it.
 */
export async function runWrite<T>(
  tx: ControlTransaction,
  recheck: Recheck,
  change: (write: Write) => Promise<T>,
): Promise<T> {
  const row = await tx
    .updateTable('revision')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .where('id', '=', 1)
    .returning('value')
    .executeTakeFirstOrThrow();
  await recheck(tx);
  return change({ tx, revision: Number(row.value) });
}
