import { type Actor, CLI_ACTOR, type KeyPermissions, type Principal } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import { exceedsApps } from '../api/permission.ts';
import type { Config } from '../config/config.ts';
import type { ControlTransaction } from '../control/control.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { isWithin, parseCidrs } from '../lib/ip.ts';
import { findHigherLimits, type LimitDefaults } from '../limits/rate-limits.ts';

/** A key as it is, or as it would become: then with the limits it has so far, null for the default. */
export type KeyToGrant = KeyPermissions & { limitsBefore?: ApiKey['rateLimits'] };

/** The permissions of a grantor that are compared with those of the key. */
export type GrantorPermissions = Omit<KeyPermissions, 'type'>;

/** The rules that the project and the installation set for keys. */
export type GrantRules = { maxKeyLifetimeDays: number | null; limits: LimitDefaults };

/**
 * Returns the fields in which `target` has more permissions than `caller`, as text for the caller; empty if there are
 * none. A restriction that is left out means unrestricted, so it is never inherited.
 * - Client keys are exempt from the address rule: they only write, and a backend restricted to its own address must be
 *   able to create keys for phones. They are exempt from the expiry rule too, unless the project limits key lifetimes.
 * - A caller that cannot change the project's rate limits cannot raise a key's above the default, not even to its own.
 * - Origins and SDKs are not compared: only server keys create keys, and they have neither restriction.
 */
export function findEscalation(target: KeyToGrant, caller: GrantorPermissions, rules: GrantRules): string[] {
  const exceeded: string[] = [];
  const scopes = [...target.granted].filter((scope) => !caller.granted.has(scope));
  if (scopes.length > 0) exceeded.push(`scopes (${scopes.join(', ')})`);
  if (exceedsApps(target, caller)) exceeded.push('app_ids');
  const isClient = target.type === 'client';
  if ((!isClient || rules.maxKeyLifetimeDays !== null) && exceedsExpiry(target, caller))
    exceeded.push('expires_at');
  if (!isClient && exceedsAddresses(target, caller)) exceeded.push('ip_allowlist');
  if (!caller.granted.has('project:write')) {
    const { type, rateLimits: after, limitsBefore: before = after } = target;
    exceeded.push(...findHigherLimits(type, { before, after }, caller.rateLimits, rules.limits));
  }
  return exceeded;
}

function exceedsExpiry(target: KeyPermissions, caller: GrantorPermissions): boolean {
  if (caller.expiresAt === null) return false;
  return target.expiresAt === null || target.expiresAt > caller.expiresAt;
}

function exceedsAddresses(target: KeyPermissions, caller: GrantorPermissions): boolean {
  if (caller.ipAllowlist.length === 0) return false;
  if (target.ipAllowlist.length === 0) return true;
  const allowed = parseCidrs(caller.ipAllowlist).cidrs;
  const requested = parseCidrs(target.ipAllowlist).cidrs;
  return requested.some((network) => !allowed.some((outer) => isWithin(network, outer)));
}

/**
 * The key or member that creates or changes a key. It must have every permission that it grants. `recheck` returns its
 * permissions as the write sees them.
 */
export type Grantor = {
  actor: Actor;
  recheck: (tx: ControlTransaction) => Promise<Principal | 'unrestricted'>;
};

/** The operator at the command line, who can grant anything. */
export const CLI_GRANTOR: Grantor = { actor: CLI_ACTOR, recheck: async () => 'unrestricted' };

/** A key that a grantor is about to create, change or get a secret of. `keyName` names it in errors: "The new key". */
export type Grant = { target: KeyToGrant; project: Project; keyName: string };

/**
 * Throws 403 if the key would have more permissions than its grantor, or the 401, 403 or 404 that the grantor would now
 * get.
 */
export async function requireNoEscalation(
  { config }: { config: Config },
  tx: ControlTransaction,
  { recheck }: Grantor,
  { target, project: { maxKeyLifetimeDays, rateLimits }, keyName }: Grant,
): Promise<void> {
  const permissions = await recheck(tx);
  if (permissions === 'unrestricted') return;
  const limits = { project: rateLimits, installation: config.limitOverrides };
  const exceeded = findEscalation(target, permissions, { maxKeyLifetimeDays, limits });
  if (exceeded.length === 0) return;
  throw new ApiError('exceeds_own_permissions', {
    detail: `${keyName} has more permissions than you: ${exceeded.join(', ')}.`,
  });
}
