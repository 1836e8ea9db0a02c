import { ApiError } from '../api/errors.ts';
import type { Intent } from '../api/route.ts';
import type { ControlTransaction } from '../control/open.ts';
import { REMEMBERED_MS } from '../keys/replays.ts';

/** What was done for an intent: `madeId` is the key or app that arose; `sealedAnswer` tells a secret for a while. */
export type IdempotentCall = { madeId: string; sealedAnswer: string | null; createdAt: number };

/**
 * Returns what was done for the intent within the last 24 hours, if anything. Writers wait for one another, so the
 * transaction that acts on the answer never finds a first call half done. Throws 422 when the body was another then.
 */
export async function findIdempotentCall(
  tx: ControlTransaction,
  intent: Intent,
  now: number,
): Promise<IdempotentCall | undefined> {
  const call = await tx
    .selectFrom('idempotent_calls')
    .selectAll()
    .where('intent', '=', intent.id)
    .where('created_at', '>', now - REMEMBERED_MS)
    .executeTakeFirst();
  if (!call) return undefined;
  if (call.body_hash !== intent.bodyHash) throw new ApiError('idempotency_key_reused');
  return { madeId: call.made_id, sealedAnswer: call.sealed_answer, createdAt: call.created_at };
}

/** Notes what was done for the intent, in the transaction that does it. */
export async function insertIdempotentCall(
  tx: ControlTransaction,
  intent: Intent,
  { madeId, sealedAnswer, createdAt }: IdempotentCall,
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
