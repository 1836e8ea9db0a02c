import type { Transaction } from 'kysely';
import { findSessionById } from '../../accounts/sessions.ts';
import type { KeyCaller, MemberCaller, Principal, SignedIn } from '../../api/caller.ts';
import { ApiError } from '../../api/errors.ts';
import { requirePermission } from '../../api/permission.ts';
import type { Route } from '../../api/route.ts';
import type { ControlSchema } from '../../control/schema.ts';
import { getStoredKey } from '../../directory/records.ts';
import { ROLE_SCOPES } from '../../directory/scopes.ts';
import { accessRefusalError, findAccessRefusal, invalidToken } from '../../keys/verify/refusals.ts';
import { findPresentedSecret } from '../../keys/verify/verify.ts';
import type { Clock } from '../../lib/clock.ts';
import { findMembershipStatus } from '../../members/membership.ts';
import type { Services } from './services.ts';

type Tx = Transaction<ControlSchema>;

/**
 * Returns the services a caller's request acts through: each of its writes first reads the caller again, as stored. A
 * transaction may have waited 5 s for another process, which may have revoked or narrowed the key, or ended the
 * session or its role. A write then throws what the same request would get at the door.
 */
export function actingFor(
  services: Services,
  route: Route,
  params: Readonly<Record<string, unknown>>,
  caller: KeyCaller | MemberCaller | SignedIn,
): Services {
  // These write nothing into the control database.
  if (route.method === 'GET' || route.limit === 'events') return services;
  const { control } = services;
  const write: typeof control.write = (work) =>
    control.write(async (tx, revision) => {
      await requireStoredRight(services, tx, route, params, caller);
      return work(tx, revision);
    });
  return { ...services, control: { ...control, write } };
}

async function requireStoredRight(
  services: { clock: Clock },
  tx: Tx,
  route: Route,
  params: Readonly<Record<string, unknown>>,
  caller: KeyCaller | MemberCaller | SignedIn,
): Promise<void> {
  if (!('project' in caller)) {
    const { clock } = services;
    if (await findSessionById({ control: { db: tx }, clock }, caller.session.id)) return;
    throw new ApiError('not_signed_in');
  }
  const stored = await caller.readAgain(tx);
  requirePermission(stored, route, params);
  if (hasSameApps(stored, caller.principal)) return;
  throw new ApiError('app_not_allowed', {
    detail: 'Which apps this key may reach was changed while the request waited.',
  });
}

const hasSameApps = (stored: Principal, before: Principal) =>
  JSON.stringify(stored.appIds) === JSON.stringify(before.appIds);

/** What of a caller finds its row again. */
type StoredKey = Pick<KeyCaller, 'key' | 'secret' | 'address'>;
type StoredMember = Pick<MemberCaller, 'session' | 'project' | 'principal'>;

/** Returns what the caller may do as the transaction sees it. Throws the 401, 403 or 404 that it would now get. */
export function getStoredPrincipal(
  { clock }: { clock: Clock },
  tx: Tx,
  caller: StoredKey | StoredMember,
): Promise<Principal> {
  return 'key' in caller
    ? getLivingKey(tx, caller, clock.now())
    : getPresentMember({ control: { db: tx }, clock }, caller);
}

async function getLivingKey(tx: Tx, { key, secret, address }: StoredKey, now: number): Promise<Principal> {
  const found = findPresentedSecret(await getStoredKey(tx, key.id), secret);
  if (!found) throw invalidToken('invalid_api_key');
  // No page: only server keys change anything here, and no page may send one.
  const code = findAccessRefusal(found, { address, origin: undefined, cors: 'none' }, now);
  if (code !== undefined) throw accessRefusalError(code, address);
  return found.key;
}

async function getPresentMember(
  services: Parameters<typeof findMembershipStatus>[0],
  { session, project, principal }: StoredMember,
): Promise<Principal> {
  const { isSignedIn, role } = await findMembershipStatus(services, session.id, project.id);
  if (!isSignedIn) throw new ApiError('not_signed_in');
  if (!role) throw new ApiError('not_found', { detail: 'There is no such project.' });
  return { ...principal, granted: new Set(ROLE_SCOPES[role]) };
}
