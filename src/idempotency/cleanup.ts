import type { Control } from '../control/control.ts';
import { whenFree } from '../control/open-sqlite.ts';
import type { Clock } from '../lib/clock.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { RECORD_LIFETIME_MS, REPLAYABLE_MS } from './records.ts';

const CLEANUP_EVERY_MS = MINUTE_MS;

/**
 * Deletes answers that are too old to be replayed, and records that have expired (secure_delete is on).
 * Waits up to 5 s for another process's write lock.
 */
export async function deleteExpiredRecords({ db }: Pick<Control, 'db'>, now: number): Promise<void> {
  const answers = db
    .updateTable('idempotent_calls')
    .set({ sealed_answer: null })
    .where('sealed_answer', 'is not', null)
    .where('created_at', '<=', now - REPLAYABLE_MS);
  const records = db.deleteFrom('idempotent_calls').where('created_at', '<=', now - RECORD_LIFETIME_MS);
  await whenFree(() => answers.execute());
  await whenFree(() => records.execute());
}

/** Deletes expired answers and records now and every minute. Returns the function that stops it. */
export function startRecordCleanup(control: Control, clock: Clock, log: Log): () => Promise<void> {
  return runPeriodically({
    everyMs: CLEANUP_EVERY_MS,
    run: () => deleteExpiredRecords(control, clock.now()),
    onError: (err) => log.warn({ err }, 'answers that are too old were not deleted yet'),
  });
}
