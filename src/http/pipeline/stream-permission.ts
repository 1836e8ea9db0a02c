import type { KeyCaller, MemberCaller } from '../../api/caller.ts';
import type { ErrorCode } from '../../api/errors.ts';
import { exceedsApps, isGranted, isInProject, type ProjectAccess } from '../../api/permission.ts';
import type { Route } from '../../api/route.ts';
import type { Streamed } from '../../api/streamed.ts';
import type { Directory } from '../../directory/directory.ts';
import { ROLE_SCOPES } from '../../directory/scopes.ts';
import { findAccessRefusal } from '../../keys/verify/refusals.ts';
import type { RequestOrigin } from '../../keys/verify/usage-restrictions.ts';
import { findPresentedSecret } from '../../keys/verify/verify.ts';
import type { Clock } from '../../lib/clock.ts';
import type { MembershipStatus } from '../../members/membership.ts';

/** A member whose membership is polled while a stream is open. 'unknown' when the database did not answer. */
export type WatchedMember = MemberCaller & { lookAgain: () => MembershipStatus | 'unknown' };

/** What a caller was let in for and goes on reading: a stream or an export outlives the verdict at its beginning. */
export type StreamPermission = Omit<RequestOrigin, 'address'> & {
  caller: KeyCaller | WatchedMember;
  access: ProjectAccess;
  /** The apps that are read; null when it is the whole project. */
  appIds: readonly string[] | null;
};

/** Returns what ends a streamed answer when its caller loses it. No route outside a project may stream: see its type. */
export function toStreamPermission(
  { access, cors, method, path }: Route,
  origin: string | undefined,
  caller: StreamPermission['caller'],
  { appIds }: Streamed,
): StreamPermission {
  if (!isInProject(access)) throw new Error(`${method} ${path} streams, and nothing would cut it off.`);
  return { caller, origin, cors, access, appIds };
}

/**
 * Returns why a caller that was let in may not go on, undefined while it may: the code that the same request would get
 * if it came now. Made of the pipeline's own decisions and in its order, so that no restriction holds at the door only.
 */
export function findStreamRefusal(
  { directory, clock }: { directory: Directory; clock: Clock },
  held: StreamPermission,
): ErrorCode | undefined {
  const { caller, appIds } = held;
  if (directory.isTooOld()) return 'storage_unavailable';
  const refusal =
    'key' in caller
      ? findKeyRefusal({ directory, clock }, caller, held)
      : findMemberRefusal(clock.now(), caller, held);
  if (refusal) return refusal;
  return appIds?.some((id) => directory.findApp(id)?.deletedAt !== null) ? 'not_found' : undefined;
}

function findKeyRefusal(
  { directory, clock }: { directory: Directory; clock: Clock },
  { key: shown, secret, address }: KeyCaller,
  { origin, cors, access, appIds }: StreamPermission,
): ErrorCode | undefined {
  const found = findPresentedSecret(directory.findKey(shown.id), secret);
  if (!found || !directory.findProject(shown.projectId)) return 'invalid_api_key';
  const refusal = findAccessRefusal(found, { address, origin, cors }, clock.now());
  if (refusal) return refusal;
  if (!isGranted(found.key, access)) return 'insufficient_scope';
  return exceedsApps({ appIds }, found.key) ? 'app_not_allowed' : undefined;
}

function findMemberRefusal(
  now: number,
  { session, lookAgain }: WatchedMember,
  { access }: StreamPermission,
): ErrorCode | undefined {
  const standing = lookAgain();
  if (standing === 'unknown') return 'storage_unavailable';
  if (!standing.isSignedIn || session.expiresAt <= now) return 'not_signed_in';
  if (!standing.role) return 'not_found';
  return isGranted({ granted: new Set(ROLE_SCOPES[standing.role]) }, access)
    ? undefined
    : 'insufficient_scope';
}
