import type { IdempotencyKey } from '../api/route.ts';
import type { Write } from '../control/control.ts';
import { findIdempotencyRecord, type IdempotencyRecord, insertIdempotencyRecord } from './records.ts';

/** What the first request returned, the ID of what it created, and its answer, sealed, if that holds a secret. */
type First<T> = { result: T; createdId: string; sealedAnswer: string | null };

/**
 * Runs `create` within a write, once per idempotency key: a repeated request gets the result of `replay` instead. The
 * record is stored with what it records, in one transaction, so a crash never leaves two for one request; and writes run
 * one after another, so a repeated request never finds the first one half done. Without a key, every request runs.
 * Throws 422 if the first request had another body.
 */
export async function runOnce<T>(
  { tx }: Write,
  idempotencyKey: IdempotencyKey | undefined,
  now: number,
  { create, replay }: { create: () => Promise<First<T>>; replay: (record: IdempotencyRecord) => Promise<T> },
): Promise<T> {
  const record = idempotencyKey && (await findIdempotencyRecord(tx, idempotencyKey, now));
  if (record) return replay(record);
  const { result, createdId, sealedAnswer } = await create();
  if (idempotencyKey) {
    await insertIdempotencyRecord(tx, idempotencyKey, { createdId, sealedAnswer, createdAt: now });
  }
  return result;
}
