import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { KeyType, Scope } from './scopes.ts';

/** One of a key's secrets, one or two of which live at a time. Times are epoch milliseconds. */
export type KeySecret = {
  version: number;
  mac: string;
  hint: string;
  createdAt: number;
  /** When its grace ends; null for the newest. */
  expiresAt: number | null;
  /** When it was ended before its time: by a forced rotation, or by ending the grace. */
  revokedAt: number | null;
  /** When it was first seen; noted only while an older secret still lives. */
  firstUsedAt: number | null;
  /** How long it lives on once the newer secret is first seen; null when its end does not wait for that. */
  graceMs: number | null;
};

/** An API key as the directory holds it. Lists that are null mean "no restriction". Times are epoch milliseconds. */
export type ApiKey = {
  id: string;
  projectId: string;
  type: KeyType;
  name: string;
  /** As asked for at creation; null means the whole ceiling of the type. */
  scopes: readonly Scope[] | null;
  /** `scopes` ∩ the ceiling: what the key can do. */
  granted: ReadonlySet<Scope>;
  appIds: readonly string[] | null;
  expiresAt: number | null;
  ipAllowlist: readonly string[];
  allowedOrigins: readonly string[];
  bundleIds: readonly string[];
  metadata: Readonly<Record<string, string>>;
  /** Parts that are absent have the project's default; null when all are. */
  rateLimits: RateLimits | null;
  disabled: boolean;
  createdAt: number;
  /** Who made it: a key id, or `cli`. */
  createdBy: string;
  revokedAt: number | null;
  revokedBy: string | null;
  revokedReason: string | null;
  /** When someone first said that this client key is public. */
  leakReportedAt: number | null;
  /** Newest first, ended ones included: what they are refused with differs from what nobody knows. */
  secrets: readonly KeySecret[];
  revision: number;
};

/** How long a revoked key can be restored. */
export const KEY_RESTORABLE_MS = HOUR_MS;

const EXPIRING_WITHIN_MS = 30 * DAY_MS;

export const KEY_STATUSES = ['active', 'expiring', 'expired', 'disabled', 'revoked'] as const;

export type KeyStatus = (typeof KEY_STATUSES)[number];

/** Returns a key's state at `now` (epoch milliseconds). The strongest reason wins: revoked, expired, disabled. */
export function statusOf(key: ApiKey, now: number): KeyStatus {
  if (key.revokedAt !== null) return 'revoked';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  if (key.disabled) return 'disabled';
  if (key.expiresAt !== null && key.expiresAt - now <= EXPIRING_WITHIN_MS) return 'expiring';
  return 'active';
}

/** Returns the secrets of a key that are accepted at `now`: the newest, and during a grace the one before. */
export function liveSecrets(key: Pick<ApiKey, 'secrets'>, now: number): KeySecret[] {
  return key.secrets.filter(
    ({ revokedAt, expiresAt }) => revokedAt === null && (expiresAt === null || expiresAt > now),
  );
}

/** Returns when a secret stops working, epoch milliseconds: its grace never outlives its key. */
export function expiryOfSecret(key: Pick<ApiKey, 'expiresAt'>, { expiresAt }: KeySecret): number | null {
  return expiresAt === null || key.expiresAt === null ? expiresAt : Math.min(expiresAt, key.expiresAt);
}
