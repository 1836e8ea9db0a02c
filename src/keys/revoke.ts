import type { Actor } from '../api/caller.ts';
import type { Audit, ChangeServices } from '../audit/audit.ts';
import type { ControlTransaction } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import type { ApiKey } from '../directory/key.ts';
import { getStoredKey } from '../directory/records.ts';
import type { Clock } from '../lib/clock.ts';

export const REVOKE_REASONS = ['unused', 'rotated', 'leaked', 'member_left', 'other'] as const;

export type RevokeReason = (typeof REVOKE_REASONS)[number];

/**
 * Revokes a key and returns it. From the moment this resolves no request with it passes in this process.
 * A key that is already revoked stays as it is: the first reason and time remain, but a leak told now bars restoring.
 */
export async function revokeKey(
  services: ChangeServices,
  key: Pick<ApiKey, 'id' | 'projectId'>,
  reason: RevokeReason,
  actor: Actor,
): Promise<ApiKey> {
  const { control, directory } = services;
  const revoked = await control.write(NO_CALLER, async ({ tx, revision }) => {
    await storeRevocation(services, tx, revision, key, { reason, actor });
    return getStoredKey(tx, key.id);
  });
  await directory.refresh();
  return directory.findKey(key.id) ?? revoked;
}

/** The part of `revokeKey` inside a transaction: for callers that store more in the same one. */
export async function storeRevocation(
  { clock, audit }: { clock: Clock; audit: Audit },
  tx: ControlTransaction,
  revision: number,
  { id, projectId }: Pick<ApiKey, 'id' | 'projectId'>,
  { reason, actor }: { reason: RevokeReason; actor: Actor },
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('api_keys')
    .set({ revoked_at: clock.now(), revoked_by: actor.id, revoked_reason: reason, revision })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) {
    const diff = { revoked_reason: [null, reason] } as const;
    await audit.append(tx, { projectId, actor, action: 'api_key.revoked', target: id, diff });
  } else if (reason === 'leaked') {
    await recordLeak(tx, { id, projectId, at: clock.now(), revision, actor, audit });
  }
}

type Leak = { id: string; projectId: string; at: number; revision: number; actor: Actor; audit: Audit };

/** Without this, a key revoked as unused and then told as leaked could be restored. */
async function recordLeak(
  tx: ControlTransaction,
  { id, projectId, at, revision, actor, audit }: Leak,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('api_keys')
    .set({ leak_reported_at: at, revision })
    .where('id', '=', id)
    .where('leak_reported_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows > 0n)
    await audit.append(tx, { projectId, actor, action: 'api_key.leak_reported', target: id });
}

/**
 * Records on a client key that someone found it, and returns the key. Nothing else changes: every installed app holds
 * it, so it was never secret. Only the first report is recorded, or a flood of them would fill the audit log. Of other
 * keys it matters which secret was found: `handleLeak`.
 */
export async function reportLeak(
  { control, directory, clock, audit }: ChangeServices,
  { id, projectId, leakReportedAt }: Pick<ApiKey, 'id' | 'projectId' | 'leakReportedAt'>,
  actor: Actor,
): Promise<ApiKey | undefined> {
  if (leakReportedAt !== null) return directory.findKey(id);
  const reported = await control.write(NO_CALLER, async ({ tx, revision }) => {
    const { numUpdatedRows } = await tx
      .updateTable('api_keys')
      .set({ leak_reported_at: clock.now(), revision })
      .where('id', '=', id)
      .where('leak_reported_at', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) {
      await audit.append(tx, { projectId, actor, action: 'api_key.leak_reported', target: id });
    }
    return getStoredKey(tx, id);
  });
  await directory.refresh();
  return directory.findKey(id) ?? reported;
}
