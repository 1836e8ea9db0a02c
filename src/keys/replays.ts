import { type Control, whenFree } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';
import { DAY_MS, MINUTE_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';

/** How long an answer with a secret in it can be had again. */
export const REPLAYABLE_MS = 15 * MINUTE_MS;
/** How long an intent is known. */
export const REMEMBERED_MS = DAY_MS;
const SWEEP_EVERY_MS = MINUTE_MS;

/**
 * Deletes answers that are too old to be shown again, and intents that are too old to be known (secure_delete is on).
 * Waits up to 5 s for another process's write lock.
 */
export async function forgetAnswers({ db }: Pick<Control, 'db'>, now: number): Promise<void> {
  const answers = db
    .updateTable('idempotent_calls')
    .set({ sealed_answer: null })
    .where('sealed_answer', 'is not', null)
    .where('created_at', '<=', now - REPLAYABLE_MS);
  const intents = db.deleteFrom('idempotent_calls').where('created_at', '<=', now - REMEMBERED_MS);
  await whenFree(() => answers.execute());
  await whenFree(() => intents.execute());
}

/** Forgets answers now and every minute. Returns what ends that, once a sweep under way is over. */
export function keepForgetting(control: Control, clock: Clock, log: Log): () => Promise<void> {
  return runPeriodically({
    everyMs: SWEEP_EVERY_MS,
    run: () => forgetAnswers(control, clock.now()),
    onError: (err) => log.warn({ err }, 'answers that are too old were not deleted yet'),
  });
}
