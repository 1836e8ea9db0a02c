import { ApiError } from '../api/errors.ts';
import type { IdempotencyKey } from '../api/route.ts';
import { type Control, type ControlTransaction, whenFree } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';
import { DAY_MS, MINUTE_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';

/** What was done for an intent: `madeId` is the key or app that arose; `sealedAnswer` tells a secret for a while. */
export type IdempotencyRecord = { createdId: string; sealedAnswer: string | null; createdAt: number };

/**
 * Returns what was done for the intent within the last 24 hours, if anything. Writers wait for one another, so the
 * transaction that acts on the answer never finds a first call half done. Throws 422 when the body was another then.
 */
export async function findIdempotencyRecord(
  tx: ControlTransaction,
  intent: IdempotencyKey,
  now: number,
): Promise<IdempotencyRecord | undefined> {
  const call = await tx
    .selectFrom('idempotent_calls')
    .selectAll()
    .where('intent', '=', intent.id)
    .where('created_at', '>', now - RECORD_LIFETIME_MS)
    .executeTakeFirst();
  if (!call) return undefined;
  if (call.body_hash !== intent.bodyHash) throw new ApiError('idempotency_key_reused');
  return { createdId: call.made_id, sealedAnswer: call.sealed_answer, createdAt: call.created_at };
}

/** Notes what was done for the intent, in the transaction that does it. */
export async function insertIdempotencyRecord(
  tx: ControlTransaction,
  intent: IdempotencyKey,
  { createdId: madeId, sealedAnswer, createdAt }: IdempotencyRecord,
): Promise<void> {
  const call = {
    body_hash: intent.bodyHash,
    made_id: madeId,
    sealed_answer: sealedAnswer,
    created_at: createdAt,
  };
  await tx
    .insertInto('idempotent_calls')
    .values({ intent: intent.id, ...call })
    // A call that is too old to be known may still be there: it is forgotten beside requests, not before them.
    .onConflict((conflict) => conflict.column('intent').doUpdateSet(call))
    .execute();
}

/** How long an answer with a secret in it can be had again. */
export const REPLAYABLE_MS = 15 * MINUTE_MS;
/** How long an intent is known. */
export const RECORD_LIFETIME_MS = DAY_MS;
const SWEEP_EVERY_MS = MINUTE_MS;

/**
 * Deletes answers that are too old to be shown again, and intents that are too old to be known (secure_delete is on).
 * Waits up to 5 s for another process's write lock.
 */
export async function deleteExpiredRecords({ db }: Pick<Control, 'db'>, now: number): Promise<void> {
  const answers = db
    .updateTable('idempotent_calls')
    .set({ sealed_answer: null })
    .where('sealed_answer', 'is not', null)
    .where('created_at', '<=', now - REPLAYABLE_MS);
  const intents = db.deleteFrom('idempotent_calls').where('created_at', '<=', now - RECORD_LIFETIME_MS);
  await whenFree(() => answers.execute());
  await whenFree(() => intents.execute());
}

/** Forgets answers now and every minute. Returns what ends that, once a sweep under way is over. */
export function startRecordCleanup(control: Control, clock: Clock, log: Log): () => Promise<void> {
  return runPeriodically({
    everyMs: SWEEP_EVERY_MS,
    run: () => deleteExpiredRecords(control, clock.now()),
    onError: (err) => log.warn({ err }, 'answers that are too old were not deleted yet'),
  });
}
