import type { KeyType, Scope } from './scopes.ts';

/** One of the one or two live secrets of a key. Times are epoch milliseconds. */
export type KeySecret = {
  version: number;
  mac: string;
  hint: string;
  createdAt: number;
  expiresAt: number | null;
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
  disabled: boolean;
  createdAt: number;
  /** Who made it: a key id, or `cli`. */
  createdBy: string;
  revokedAt: number | null;
  revokedBy: string | null;
  revokedReason: string | null;
  secrets: readonly KeySecret[];
  revision: number;
};

const EXPIRING_WITHIN_MS = 30 * 86_400_000;

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
