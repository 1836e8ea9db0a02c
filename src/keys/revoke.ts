import type { Actor, Requester } from '../api/caller.ts';
import type { Audit, ChangeServices } from '../audit/audit.ts';
import { type ControlTransaction, URGENT, type Write } from '../control/control.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Clock } from '../lib/clock.ts';
import { appendForKey, changeKey, type KeyRef } from './change-key.ts';

/** Why a key is revoked. */
export const REVOKE_REASONS = ['unused', 'rotated', 'leaked', 'member_left', 'other'] as const;

/** One of `REVOKE_REASONS`. */
export type RevokeReason = (typeof REVOKE_REASONS)[number];

/** A reason as stored: also that the secret of the installation was reset, which no request gives. */
export type StoredReason = RevokeReason | 'secret_reset';

type RecordServices = { clock: Clock; audit: Audit };

/**
 * Revokes a key and returns it. Once this resolves, this process accepts no request with it. A key that is already
 * revoked keeps its first reason and time, but a leak reported now prevents restoring it.
 */
export async function revokeKey(
  services: ChangeServices,
  key: KeyRef,
  reason: RevokeReason,
  by: Requester,
): Promise<ApiKey> {
  const { actor } = by;
  const store = (write: Write) => storeRevocation(services, write, key, { reason, actor });
  return changeKey(services, by, key.id, store, URGENT);
}

/** A revocation: why, who asked for it, and when, if that was earlier than when it is stored (epoch milliseconds). */
export type Revocation = { reason: StoredReason; actor: Actor; at?: number };

/** The part of `revokeKey` inside a write: for callers that store more in the same one. */
export async function storeRevocation(
  services: RecordServices,
  write: Write,
  key: KeyRef,
  { reason, actor, at = services.clock.now() }: Revocation,
): Promise<void> {
  const { tx, revision } = write;
  const { numUpdatedRows } = await tx
    .updateTable('api_keys')
    .set({ revoked_at: at, revoked_by: actor.id, revoked_reason: reason, revision })
    .where('id', '=', key.id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) {
    const diff = { revoked_reason: [null, reason] } as const;
    await appendForKey(services, tx, key, { actor, action: 'api_key.revoked', diff, at });
  } else if (reason === 'leaked') {
    // Without this, a key revoked as unused and then reported as leaked could be restored.
    await recordLeak(services, write, key, actor);
  }
}

/** Records that a key leaked, unless that is recorded already: a flood of reports must not fill the audit log. */
async function recordLeak(services: RecordServices, write: Write, key: KeyRef, actor: Actor): Promise<void> {
  if (await markLeaked(services, write, key)) await appendLeak(services, write.tx, key, actor);
}

/** Marks a key as leaked, which prevents restoring it. Returns false if it was marked before. */
export async function markLeaked(
  { clock }: { clock: Clock },
  { tx, revision }: Write,
  { id }: KeyRef,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('api_keys')
    .set({ leak_reported_at: clock.now(), revision })
    .where('id', '=', id)
    .where('leak_reported_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Appends a leak to the audit log. `version` is the one of the secret that was found, where it matters which. */
export function appendLeak(
  services: { audit: Audit },
  tx: ControlTransaction,
  key: KeyRef,
  actor: Actor,
  version?: number,
): Promise<void> {
  const diff = version === undefined ? {} : { diff: { leaked_secret: [null, version] } as const };
  return appendForKey(services, tx, key, { actor, action: 'api_key.leak_reported', ...diff });
}

/**
 * Records on a client key that it was found in public. Nothing else changes: every installed app contains it, so it was
 * never secret. For keys of other types it matters which secret was found: see `handleLeak`.
 */
export async function reportLeak(services: ChangeServices, key: ApiKey, by: Requester): Promise<void> {
  // Reports are repeated: those that change nothing wait for no lock.
  if (key.leakReportedAt !== null) return;
  await changeKey(services, by, key.id, (write) => recordLeak(services, write, key, by.actor), URGENT);
}
