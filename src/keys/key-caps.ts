import { CAP_WINDOW_MS, requireBelowCap } from '../api/caps.ts';
import type { ControlTransaction } from '../control/control.ts';

/** Throws 409 if the project can have no further live key, or has created too many within a day. Call it in the write. */
export async function requireRoomForNewKey(
  tx: ControlTransaction,
  projectId: string,
  now: number,
): Promise<void> {
  await requireRoomForLiveKey(tx, projectId, now);
  const { count } = await tx
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('project_id', '=', projectId)
    .where('created_at', '>', now - CAP_WINDOW_MS)
    .executeTakeFirstOrThrow();
  requireBelowCap(count, 'keysPerDay', 'API keys created in this project within 24 hours');
}

/** Throws 409 if the project has as many keys that are neither revoked nor expired as it can have. Call it in the write. */
export async function requireRoomForLiveKey(
  tx: ControlTransaction,
  projectId: string,
  now: number,
): Promise<void> {
  const { count } = await tx
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('project_id', '=', projectId)
    .where('revoked_at', 'is', null)
    .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .executeTakeFirstOrThrow();
  requireBelowCap(count, 'liveKeys', 'API keys in this project that are neither revoked nor expired');
}
