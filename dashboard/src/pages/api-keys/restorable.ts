import type { ApiKey } from '../../api/answers.ts';

const RESTORE_MS = 60 * 60_000;

/** Whether a revocation can still be taken back: within 60 minutes, and never that of a leaked key. */
export function isRestorable(key: Pick<ApiKey, 'revoked_at' | 'revoked_reason'>, now: number): boolean {
  if (key.revoked_at === null || key.revoked_reason === 'leaked') return false;
  return now - Date.parse(key.revoked_at) < RESTORE_MS;
}
