import type { Caller, KeyPermissions, Principal } from './caller.ts';
import { ApiError } from './errors.ts';
import type { Access, Route } from './route.ts';

/** What a route in a project requires. */
export type ProjectAccess = Exclude<Access, 'public' | 'anonymous' | 'signed_in'>;

/** Whether a route requires a permission in a project. Only these can be lost while streaming, so only these may stream. */
export function isInProject(access: Access): access is ProjectAccess {
  return access !== 'public' && access !== 'anonymous' && access !== 'signed_in';
}

/** Whether a key or role has the permission that a route requires: the one check for keys and sessions alike. */
export function isGranted({ granted }: Pick<Principal, 'granted'>, access: ProjectAccess): boolean {
  return access === 'any_key' || granted.has(access);
}

/** Throws 403 unless the caller has the scope that the route requires. */
export function requireScope(principal: Principal, access: ProjectAccess): void {
  if (isGranted(principal, access)) return;
  const granted = [...principal.granted];
  const isMember = principal.type === 'member';
  const challenge = `Bearer realm="appflow", error="insufficient_scope", scope="${access}"`;
  throw new ApiError('insufficient_scope', {
    detail: `${isMember ? 'Your role' : 'This key'} has ${granted.join(', ') || 'no scopes'}; this request needs ${access}.`,
    members: { required: [access], granted },
    headers: isMember ? {} : { 'www-authenticate': challenge },
  });
}

/**
 * Throws 403 unless the caller has the scope that the route requires, or is the member that the route concerns, if that
 * is enough (`selfParam`). `params` are those of the path.
 */
export function requirePermission(
  principal: Principal,
  { access, selfParam }: Pick<Route, 'access' | 'selfParam'>,
  params: Readonly<Record<string, unknown>>,
): void {
  const isAboutSelf =
    principal.type === 'member' && selfParam !== undefined && params[selfParam] === principal.id;
  if (isInProject(access) && !isAboutSelf) requireScope(principal, access);
}

/** Throws 403 with this detail if the caller is restricted to some apps of its project. */
export function requireWholeProject({ principal }: Pick<Caller, 'principal'>, detail: string): void {
  if (principal.appIds !== null) throw new ApiError('app_not_allowed', { detail });
}

/** Whether `target` includes an app that `caller` does not. */
export function exceedsApps(
  target: Pick<KeyPermissions, 'appIds'>,
  caller: Pick<KeyPermissions, 'appIds'>,
): boolean {
  const { appIds } = caller;
  if (appIds === null) return false;
  return target.appIds === null || target.appIds.some((id) => !appIds.includes(id));
}
