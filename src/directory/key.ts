import { DAY_MS, DAY_SECONDS, HOUR_MS } from '../lib/durations.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { KeyType, Scope } from './scopes.ts';

/**
 * Maximum grace period of an old secret. App stores are slow, and so are people who update: a client key's old secret can
 * stay valid for a year.
 */
export const GRACE_SECONDS_MAX: Record<KeyType, number> = {
  server: 7 * DAY_SECONDS,
  read_only: 7 * DAY_SECONDS,
  client: 365 * DAY_SECONDS,
};

/** One of a key's secrets. One or two are valid at a time. Times are epoch milliseconds. */
export type KeySecret = {
  version: number;
  mac: string;
  hint: string;
  createdAt: number;
  /** When its grace period ends; null for the newest. */
  expiresAt: number | null;
  /** When it was revoked before it expired: by a forced rotation, or by ending the grace period. */
  revokedAt: number | null;
  /** When it was first used; recorded only while an older secret is still valid. */
  firstUsedAt: number | null;
  /** How long it stays valid after the newer secret is first used; null if its expiry does not depend on that. */
  graceMs: number | null;
};

/** An API key. A list that is null means "no restriction". Times are epoch milliseconds. */
export type ApiKey = {
  id: string;
  projectId: string;
  type: KeyType;
  name: string;
  /** As requested; null means everything that its type allows. */
  scopes: readonly Scope[] | null;
  /** The scopes it has: `scopes`, limited to the ceiling of its type. */
  granted: ReadonlySet<Scope>;
  appIds: readonly string[] | null;
  expiresAt: number | null;
  ipAllowlist: readonly string[];
  allowedOrigins: readonly string[];
  bundleIds: readonly string[];
  /** Ids of the SDKs that can send events with it, see `KEY_SDKS`. */
  allowedSdks: readonly string[] | null;
  metadata: Readonly<Record<string, string>>;
  /** Missing parts have the project's default; null if all do. */
  rateLimits: RateLimits | null;
  disabled: boolean;
  createdAt: number;
  /** The id of the actor that created it: a key, a member, or `cli`. */
  createdBy: string;
  revokedAt: number | null;
  revokedBy: string | null;
  revokedReason: string | null;
  /** When this key was first reported as leaked. */
  leakReportedAt: number | null;
  /** Whether its project is deleted: then it is refused, like a disabled key. */
  isProjectDeleted: boolean;
  /** Newest first. Includes those no longer valid: they are rejected with another error than unknown secrets. */
  secrets: readonly KeySecret[];
  revision: number;
};

/** How long a revoked key can be restored. */
export const KEY_RESTORABLE_MS = HOUR_MS;

/** Whether a revoked key must stay so. A leak reported later counts too; client keys are in every copy of an app anyway. */
export const hasLeaked = ({ type, revokedReason, leakReportedAt }: ApiKey): boolean =>
  revokedReason === 'leaked' || (type !== 'client' && leakReportedAt !== null);

/** Whether a key lost all its secrets, which happens only when the secret of the installation is reset. */
export const hasLostSecrets = ({ secrets }: Pick<ApiKey, 'secrets'>): boolean =>
  secrets.every(({ revokedAt }) => revokedAt !== null);

/** Whether a key is revoked and can be restored at `now` (epoch milliseconds). */
export const isRestorable = (key: ApiKey, now: number): boolean =>
  key.revokedAt !== null &&
  !hasLeaked(key) &&
  !hasLostSecrets(key) &&
  now - key.revokedAt <= KEY_RESTORABLE_MS;

const EXPIRING_WITHIN_MS = 30 * DAY_MS;

/** The states of a key. */
export const KEY_STATUSES = ['active', 'expiring', 'expired', 'disabled', 'revoked'] as const;

/** One of `KEY_STATUSES`. */
export type KeyStatus = (typeof KEY_STATUSES)[number];

/** Returns a key's state at `now` (epoch milliseconds). The strongest reason wins: revoked, expired, disabled. */
export function statusOf(key: ApiKey, now: number): KeyStatus {
  if (key.revokedAt !== null) return 'revoked';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  if (key.disabled) return 'disabled';
  if (key.expiresAt !== null && key.expiresAt - now <= EXPIRING_WITHIN_MS) return 'expiring';
  return 'active';
}

/** Returns the secrets of a key that are valid at `now`: the newest and, during a grace period, the old one. */
export function liveSecrets(key: Pick<ApiKey, 'secrets'>, now: number): KeySecret[] {
  return key.secrets.filter(
    ({ revokedAt, expiresAt }) => revokedAt === null && (expiresAt === null || expiresAt > now),
  );
}

/** Returns when a secret expires, epoch milliseconds: never after its key; null if neither expires. */
export function expiryOfSecret(key: Pick<ApiKey, 'expiresAt'>, { expiresAt }: KeySecret): number | null {
  return expiresAt === null || key.expiresAt === null ? expiresAt : Math.min(expiresAt, key.expiresAt);
}
