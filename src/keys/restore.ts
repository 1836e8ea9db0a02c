import { ApiError } from '../api/errors.ts';
import { type ApiKey, hasLeaked, hasLostSecrets, KEY_RESTORABLE_MS } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { appendForKey, changeKey } from './change-key.ts';
import type { KeyServices } from './create.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';
import { requireRoomForLiveKey } from './key-caps.ts';

/**
 * Takes back the revocation of a key and returns the key. Throws 409 if it is not revoked, was revoked more than an hour
 * ago, has leaked, or lost its secrets, and if the project has no room for a live key; 403 if it has more permissions than
 * the grantor.
 */
export async function restoreKey(
  services: KeyServices,
  project: Project,
  keyId: string,
  by: Grantor,
): Promise<ApiKey> {
  return changeKey(services, by, keyId, async ({ tx, revision }, key) => {
    await requireNoEscalation(services, tx, by, { target: key, project, keyName: 'The key' });
    const now = services.clock.now();
    requireRestorable(key, now);
    // An expired key takes no room.
    if (key.expiresAt === null || key.expiresAt > now) await requireRoomForLiveKey(tx, project.id, now);
    await tx
      .updateTable('api_keys')
      .set({ revoked_at: null, revoked_by: null, revoked_reason: null, revision })
      .where('id', '=', keyId)
      .execute();
    const diff = { revoked_reason: [key.revokedReason, null] } as const;
    await appendForKey(services, tx, key, { actor: by.actor, action: 'api_key.restored', diff });
  });
}

function requireRestorable(key: ApiKey, now: number): void {
  const detail = findObstacle(key, now);
  if (detail !== undefined) throw new ApiError('not_restorable', { detail });
}

function findObstacle(key: ApiKey, now: number): string | undefined {
  const { revokedAt } = key;
  if (revokedAt === null) return 'The key is not revoked.';
  if (hasLeaked(key)) return 'The key was revoked and has leaked: it may be in the wrong hands.';
  if (hasLostSecrets(key))
    return 'The secret of the installation was reset, so the secrets of this key no longer work.';
  if (now - revokedAt > KEY_RESTORABLE_MS) return 'The key was revoked more than 60 minutes ago.';
  return undefined;
}
