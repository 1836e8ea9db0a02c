import { ApiError } from '../api/errors.ts';
import type { IdempotencyKey } from '../api/route.ts';
import type { ControlTransaction } from '../control/control.ts';
import { DAY_MS, MINUTE_MS } from '../lib/durations.ts';

/** How long an answer with a secret can be replayed. */
export const REPLAYABLE_MS = 15 * MINUTE_MS;
/** How long an idempotency key is recognized. */
export const RECORD_LIFETIME_MS = DAY_MS;

/** The result of a request with an idempotency key. `sealedAnswer` is only set for a while, and only if it has a secret. */
export type IdempotencyRecord = {
  /** The id of the key or app that was created or rotated. */
  createdId: string;
  sealedAnswer: string | null;
  createdAt: number;
};

/**
 * Returns the record of an idempotency key from the last 24 hours, if there is one. Writes run one after another, so a
 * write never finds the first request half done. Throws 422 if the first request had another body.
 */
export async function findIdempotencyRecord(
  tx: ControlTransaction,
  idempotencyKey: IdempotencyKey,
  now: number,
): Promise<IdempotencyRecord | undefined> {
  const row = await tx
    .selectFrom('idempotent_calls')
    .selectAll()
    .where('intent', '=', idempotencyKey.id)
    .where('created_at', '>', now - RECORD_LIFETIME_MS)
    .executeTakeFirst();
  if (!row) return undefined;
  if (row.body_hash !== idempotencyKey.bodyHash) throw new ApiError('idempotency_key_reused');
  return { createdId: row.made_id, sealedAnswer: row.sealed_answer, createdAt: row.created_at };
}

/** Stores the record of an idempotency key, in the same transaction as what it records. */
export async function insertIdempotencyRecord(
  tx: ControlTransaction,
  idempotencyKey: IdempotencyKey,
  { createdId: madeId, sealedAnswer, createdAt }: IdempotencyRecord,
): Promise<void> {
  const row = {
    body_hash: idempotencyKey.bodyHash,
    made_id: madeId,
    sealed_answer: sealedAnswer,
    created_at: createdAt,
  };
  await tx
    .insertInto('idempotent_calls')
    .values({ intent: idempotencyKey.id, ...row })
    // An expired record may still be there: they are deleted in the background, not before each request.
    .onConflict((conflict) => conflict.column('intent').doUpdateSet(row))
    .execute();
}
