import type { Control } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

/** How long an answer with a secret in it can be had again. */
export const REPLAYABLE_MS = 15 * 60_000;
/** How long an intent is known. */
const REMEMBERED_MS = 24 * 60 * 60_000;
const SWEEP_EVERY_MS = 60_000;

/** Deletes answers that are too old to be shown again, and intents that are too old to be known (secure_delete is on). */
export async function forgetAnswers({ db }: Pick<Control, 'db'>, now: number): Promise<void> {
  await db
    .updateTable('idempotent_calls')
    .set({ sealed_answer: null })
    .where('sealed_answer', 'is not', null)
    .where('created_at', '<=', now - REPLAYABLE_MS)
    .execute();
  await db
    .deleteFrom('idempotent_calls')
    .where('created_at', '<=', now - REMEMBERED_MS)
    .execute();
}

/** Forgets answers in time while nobody asks. Returns what ends that. */
export function keepForgetting(control: Control, clock: Clock, log: Log): () => void {
  const timer = setInterval(() => {
    forgetAnswers(control, clock.now()).catch((error: unknown) => {
      log.warn({ err: error }, 'answers that are too old were not deleted; they will be in a minute');
    });
  }, SWEEP_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
