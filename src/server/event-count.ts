import type { Control } from '../control/control.ts';

const SETTING = 'events_stored';

/**
 * Returns how many events were recorded in the control database; 0 without a record. The event store may have more, and
 * fewer only if it lost some or is an older copy: what is deleted is subtracted before.
 */
export async function findEventCount({ db }: Pick<Control, 'db'>): Promise<number> {
  const row = await db.selectFrom('settings').select('value').where('name', '=', SETTING).executeTakeFirst();
  return Number(row?.value ?? 0);
}

/** Records how many events are stored. Rejects with StorageError, immediately if another process holds the lock. */
export async function saveEventCount({ db }: Pick<Control, 'db'>, events: number): Promise<void> {
  const value = String(events);
  // Without waiting for a lock: that would delay a stop, and the next record is a minute away.
  await db
    .insertInto('settings')
    .values({ name: SETTING, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
