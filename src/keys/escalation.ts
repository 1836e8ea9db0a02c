import { type Actor, CLI_ACTOR, type KeyPermissions, type Principal } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import { exceedsApps } from '../api/permission.ts';
import type { Config } from '../config/config.ts';
import type { ControlTransaction } from '../control/open.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { isWithin, parseCidrs } from '../lib/ip.ts';
import { findHigherLimits, type LimitDefaults } from '../limits/rate-limits.ts';

/** A key as it is, or as it is to become: then with the limits it had, null for the default. */
export type KeyToGrant = KeyPermissions & { limitsBefore?: ApiKey['rateLimits'] };

/** The part of whoever makes a key that it is compared with. */
export type GrantorPermissions = Omit<KeyPermissions, 'type'>;

/** What a project and the installation say of the keys in it. */
export type GrantRules = { maxKeyLifetimeDays: number | null; limits: LimitDefaults };

/**
 * Returns in what `target` reaches further than `caller`, as words for the caller; an empty list when it lies within.
 * A restriction left out means unrestricted, so it is never inherited. Client keys are exempt from the address rule:
 * they only write, and a backend locked to its address must be able to make a key for phones; and from the expiry
 * rule too, unless the project limits how long keys live. Limits bind who may not change the project's: it raises none
 * above the default, not even to its own.
 * Origins are not compared: only server keys make keys, and no web page may send one.
 */
export function findEscalation(target: KeyToGrant, caller: GrantorPermissions, rules: GrantRules): string[] {
  const excess: string[] = [];
  const scopes = [...target.granted].filter((scope) => !caller.granted.has(scope));
  if (scopes.length > 0) excess.push(`scopes (${scopes.join(', ')})`);
  if (exceedsApps(target, caller)) excess.push('app_ids');
  const isClient = target.type === 'client';
  if ((!isClient || rules.maxKeyLifetimeDays !== null) && exceedsExpiry(target, caller))
    excess.push('expires_at');
  if (!isClient && exceedsAddresses(target, caller)) excess.push('ip_allowlist');
  if (!caller.granted.has('project:write')) {
    const { type, rateLimits: after, limitsBefore: before = after } = target;
    excess.push(...findHigherLimits(type, { before, after }, caller.rateLimits, rules.limits));
  }
  return excess;
}

function exceedsExpiry(target: KeyPermissions, caller: GrantorPermissions): boolean {
  if (caller.expiresAt === null) return false;
  return target.expiresAt === null || target.expiresAt > caller.expiresAt;
}

function exceedsAddresses(target: KeyPermissions, caller: GrantorPermissions): boolean {
  if (caller.ipAllowlist.length === 0) return false;
  if (target.ipAllowlist.length === 0) return true;
  const allowed = parseCidrs(caller.ipAllowlist).cidrs;
  const asked = parseCidrs(target.ipAllowlist).cidrs;
  return asked.some((network) => !allowed.some((outer) => isWithin(network, outer)));
}

/**
 * Who creates or changes a key: a key or a member, which must have every permission that it grants. Its recheck returns
 * what it may do as the write sees it.
 */
export type Grantor = {
  actor: Actor;
  recheck: (tx: ControlTransaction) => Promise<Principal | 'unrestricted'>;
};

/** The operator at the command line, who may grant anything. */
export const CLI_GRANTOR: Grantor = { actor: CLI_ACTOR, recheck: async () => 'unrestricted' };

/**
 * Throws 403 when the key reaches further than its maker, or the 401, 403 or 404 that the maker would now get. `key` is
 * how the answer names the key: "The new key".
 */
export async function requireNoEscalation(
  { config }: { config: Config },
  tx: ControlTransaction,
  target: KeyToGrant,
  { recheck }: Grantor,
  { maxKeyLifetimeDays, rateLimits }: Project,
  key: string,
): Promise<void> {
  const permissions = await recheck(tx);
  if (permissions === 'unrestricted') return;
  const limits = { project: rateLimits, installation: config.limitOverrides };
  const excess = findEscalation(target, permissions, { maxKeyLifetimeDays, limits });
  if (excess.length === 0) return;
  throw new ApiError('exceeds_own_permissions', {
    detail: `${key} reaches further than whoever asks: ${excess.join(', ')}.`,
  });
}
