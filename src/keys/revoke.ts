import type { Services } from '../services.ts';
import type { ApiKey } from './key.ts';

export const REVOKE_REASONS = ['unused', 'rotated', 'leaked', 'member_left', 'other'] as const;

export type RevokeReason = (typeof REVOKE_REASONS)[number];

/**
 * Revokes a key for good and returns it. From the moment this resolves no request with it passes in this process.
 * A key that is already revoked stays as it is: the first reason and time remain.
 */
export async function revokeKey(
  services: Pick<Services, 'control' | 'directory' | 'clock'>,
  key: ApiKey,
  reason: RevokeReason,
  revokedBy: string,
): Promise<ApiKey> {
  await services.control.write(async (tx, revision) => {
    await tx
      .updateTable('api_keys')
      .set({ revoked_at: services.clock.now(), revoked_by: revokedBy, revoked_reason: reason, revision })
      .where('id', '=', key.id)
      .where('revoked_at', 'is', null)
      .execute();
  });
  await services.directory.refresh();
  return services.directory.findKey(key.id) ?? key;
}
