import type { Actor, Requester } from '../api/caller.ts';
import type { ChangeServices } from '../audit/audit.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import type { KeyRef } from './change-key.ts';
import type { KeyServices } from './create.ts';
import type { Grantor } from './escalation.ts';
import { requireMatch } from './etag.ts';
import { type RevokeReason, revokeKey, storeRevocation } from './revoke.ts';
import type { UnstoredRevocations, Withdrawal } from './unstored-revocations.ts';
import { isOnlyDisabling, type KeyChange, storeDisabling, updateKey } from './update.ts';

// What `revokeKey` and `updateKey` do in a process that keeps running: if the change cannot be stored, this process
// applies it nevertheless. The command line, which ends, uses those two directly.

type Unstored = { unstored: UnstoredRevocations };

/** Revokes a key and returns it, as `revokeKey` does. Throws 503 `revocation_not_stored` if that cannot be stored. */
export function withdrawKey(
  services: ChangeServices & Unstored,
  key: ApiKey,
  reason: RevokeReason,
  by: Requester,
): Promise<ApiKey> {
  const { unstored } = services;
  return unstored.enforce(toRevocation(services, key, reason, by.actor), () =>
    revokeKey(services, key, reason, by),
  );
}

function toRevocation(services: ChangeServices, key: KeyRef, reason: RevokeReason, actor: Actor): Withdrawal {
  const at = services.clock.now();
  return {
    keyId: key.id,
    // A leak prevents restoring the key, so it is stored even if the key is revoked for another reason by then.
    name: reason === 'leaked' ? 'revoked as leaked' : 'revoked',
    refusal: { revokedAt: at, revokedBy: actor.id, revokedReason: reason },
    store: (write) => storeRevocation(services, write, key, { reason, actor, at }),
  };
}

/**
 * Changes a key and returns it, as `updateKey` does. Throws 503 `revocation_not_stored` if the change only disables the key
 * and cannot be stored.
 */
export function updateOrDisableKey(
  services: KeyServices & Unstored,
  project: Project,
  change: KeyChange,
  by: Grantor,
): Promise<ApiKey> {
  const update = () => updateKey(services, project, change, by);
  const key = services.directory.findKey(change.keyId);
  if (!isOnlyDisabling(change.body) || key === undefined) return update();
  // A repeated request names the version before this process disabled the key.
  if (!key.disabled) requireMatch(change.ifMatch, key);
  return services.unstored.enforce(toDisabling(services, key, by.actor), update);
}

/** Returns the withdrawal that disables a key. */
export function toDisabling(services: ChangeServices, { id }: KeyRef, actor: Actor): Withdrawal {
  const at = services.clock.now();
  return {
    keyId: id,
    name: 'disabled',
    refusal: { disabled: true },
    async store(write) {
      const stored = await getStoredKey(write.tx, id);
      if (!stored.disabled && stored.revokedAt === null)
        await storeDisabling(services, write, stored, { actor, at });
    },
  };
}
