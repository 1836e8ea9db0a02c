import { ApiError } from '../api/errors.ts';

import { NO_CALLER } from '../control/open.ts';
import type { ApiKey } from '../directory/key.ts';

import { KEY_RESTORABLE_MS } from '../directory/key.ts';

import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import type { KeyServices } from './create.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';

/**
 * Takes back the revocation of a key and returns it. Throws 409 when it is not revoked, was revoked more than an hour
 * ago or because it leaked; 403 when it reaches further than who asks.
 */
export async function restoreKey(
  services: KeyServices,
  project: Project,
  keyId: string,
  maker: Grantor,
): Promise<ApiKey> {
  const { control, directory, clock, audit } = services;
  const restored = await control.write(NO_CALLER, async ({ tx, revision }) => {
    const key = await getStoredKey(tx, keyId);
    await requireNoEscalation(services, tx, key, maker, project, 'The key');
    requireRestorable(key, clock.now());
    await tx
      .updateTable('api_keys')
      .set({ revoked_at: null, revoked_by: null, revoked_reason: null, revision })
      .where('id', '=', keyId)
      .execute();
    const diff = { revoked_reason: [key.revokedReason, null] } as const;
    const entry = { projectId: project.id, actor: maker.actor, target: keyId, diff };
    await audit.append(tx, { ...entry, action: 'api_key.restored' });
    return getStoredKey(tx, keyId);
  });
  await directory.refresh();
  return directory.findKey(keyId) ?? restored;
}

function requireRestorable(key: ApiKey, now: number): void {
  const detail = findObstacle(key, now);
  if (detail !== undefined) throw new ApiError('not_restorable', { detail });
}

/** A leak told after a revocation for another reason counts as well; client keys are in every phone anyway. */
const hasLeaked = ({ type, revokedReason, leakReportedAt }: ApiKey) =>
  revokedReason === 'leaked' || (type !== 'client' && leakReportedAt !== null);

function findObstacle(key: ApiKey, now: number): string | undefined {
  const { revokedAt } = key;
  if (revokedAt === null) return 'The key is not revoked.';
  if (hasLeaked(key)) return 'The key was revoked and has leaked: whoever found it still has it.';
  if (now - revokedAt > KEY_RESTORABLE_MS) return 'The key was revoked more than 60 minutes ago.';
  return undefined;
}
