import type { KeyCaller, MemberCaller } from '../../api/caller.ts';
import type { ErrorCode } from '../../api/error-codes.ts';
import { exceedsApps, isGranted, isInProject, type ProjectAccess } from '../../api/permission.ts';
import type { Route } from '../../api/route.ts';
import type { Streamed } from '../../api/streamed.ts';
import { ROLE_SCOPES } from '../../directory/scopes.ts';
import { findAccessRefusal } from '../../keys/verify/refusals.ts';
import type { RequestOrigin } from '../../keys/verify/usage-restrictions.ts';
import { findPresentedSecret } from '../../keys/verify/verify.ts';
import type { MembershipStatus } from '../../members/membership.ts';
import type { Services } from './services.ts';

/** What a stream is allowed to read, and by whom. `openGuardedBody` in http/send-streamed.ts checks it while it is open. */
export type StreamPermission = Omit<RequestOrigin, 'address'> & {
  access: ProjectAccess;
  /** The apps that are read; null for the whole project. */
  appIds: readonly string[] | null;
  /** Whether it must not go on without one of these apps, because it would look complete. */
  needsAllApps: boolean;
} & (
    | { caller: KeyCaller }
    | {
        caller: MemberCaller;
        /** As the request began: one object per stream, which counts until the membership watcher has read again. */
        membership: MembershipStatus;
      }
  );

/** The services that checking a stream needs. */
export type StreamServices = Pick<Services, 'directory' | 'clock' | 'memberships'>;

/** Returns the permission that a stream is checked against while it is open. Only routes in a project can stream. */
export function toStreamPermission(
  { access, cors, method, path }: Route,
  origin: string | undefined,
  caller: KeyCaller | MemberCaller,
  { appIds, end }: Streamed,
): StreamPermission {
  if (!isInProject(access)) throw new Error(`${method} ${path} streams, and nothing would cut it off.`);
  const permission = { origin, cors, access, appIds, needsAllApps: end === undefined };
  if ('key' in caller) return { ...permission, caller };
  return { ...permission, caller, membership: { isSignedIn: true, role: caller.role } };
}

/**
 * Returns the error code that the same request would get now, undefined while it would pass. Applies the pipeline's own
 * decisions in the pipeline's order, so that no restriction applies only at the start of a stream.
 */
export function findStreamRefusal(
  services: StreamServices,
  permission: StreamPermission,
): ErrorCode | undefined {
  const { directory } = services;
  if (directory.isTooOld()) return 'storage_unavailable';
  const refusal =
    'membership' in permission
      ? findMemberRefusal(services, permission)
      : findKeyRefusal(services, permission.caller, permission);
  if (refusal) return refusal;
  return hasLostApps(services, permission) ? 'not_found' : undefined;
}

/** A live stream of several apps goes on with those that are left. */
function hasLostApps({ directory }: StreamServices, { appIds, needsAllApps }: StreamPermission): boolean {
  if (appIds === null || appIds.length === 0) return false;
  const isLost = (id: string) => directory.findApp(id)?.deletedAt !== null;
  return needsAllApps ? appIds.some(isLost) : appIds.every(isLost);
}

function findKeyRefusal(
  { directory, clock }: StreamServices,
  { key, secret, address }: KeyCaller,
  { origin, cors, access, appIds }: StreamPermission,
): ErrorCode | undefined {
  const found = findPresentedSecret(directory.findKey(key.id), secret);
  if (!found || !directory.findProject(key.projectId)) return 'invalid_api_key';
  const refusal = findAccessRefusal(found, { address, origin, cors }, clock.now());
  if (refusal) return refusal;
  if (!isGranted(found.key, access)) return 'insufficient_scope';
  return exceedsApps({ appIds }, found.key) ? 'app_not_allowed' : undefined;
}

function findMemberRefusal(
  { memberships, clock }: StreamServices,
  { caller: { session, project }, access, membership }: Extract<StreamPermission, { membership: object }>,
): ErrorCode | undefined {
  const status = memberships.poll(session.id, project.id, membership);
  if (status === 'unknown') return 'storage_unavailable';
  if (!status.isSignedIn || session.expiresAt <= clock.now()) return 'not_signed_in';
  if (!status.role) return 'not_found';
  return isGranted({ granted: new Set(ROLE_SCOPES[status.role]) }, access) ? undefined : 'insufficient_scope';
}
