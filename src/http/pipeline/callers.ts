import { findSessionById } from '../../accounts/sessions.ts';
import type { Actor, KeyCaller, MemberCaller, Principal, Session, SignedIn } from '../../api/caller.ts';
import { ApiError } from '../../api/errors.ts';
import { requirePermission } from '../../api/permission.ts';
import type { Route } from '../../api/route.ts';
import type { ControlTransaction } from '../../control/control.ts';
import type { FoundKey } from '../../directory/directory.ts';
import type { Project } from '../../directory/project.ts';
import { getStoredKey } from '../../directory/records.ts';
import { ROLE_SCOPES, type Role } from '../../directory/scopes.ts';
import { accessRefusalError, findAccessRefusal, invalidToken } from '../../keys/verify/refusals.ts';
import { findPresentedSecret } from '../../keys/verify/verify.ts';
import type { Clock } from '../../lib/clock.ts';
import { findMembershipStatus } from '../../members/membership.ts';
import { type Exchange, transportOf } from './exchange.ts';
import type { Services } from './services.ts';

// Each caller carries its `recheck`: verbs run it inside their write transaction, see `Recheck` in control/open.ts.

/** Returns the caller of a verified key, in the key's project. */
export function toKeyCaller(
  { clock }: { clock: Clock },
  route: Pick<Route, 'access' | 'selfParam'>,
  { address, network, requestId, params }: Pick<Exchange, 'address' | 'network' | 'requestId' | 'params'>,
  { key, secret }: FoundKey,
  project: Project,
): KeyCaller {
  const actor: Actor = { type: 'key', id: key.id, ip: address, requestId };
  const recheck = async (tx: ControlTransaction) => {
    const stored = await getStoredPermissions(tx, { key, secret }, address, clock.now());
    requirePermission(stored, route, params);
    requireSameApps(stored, key);
    return stored;
  };
  return { principal: key, key, secret, project, address, network, actor, recheck };
}

async function getStoredPermissions(
  tx: ControlTransaction,
  { key, secret }: FoundKey,
  address: string,
  now: number,
): Promise<Principal> {
  const found = findPresentedSecret(await getStoredKey(tx, key.id), secret);
  if (!found) throw invalidToken('invalid_api_key');
  // No origin: it was checked at authentication, and routes that write have `cors: 'none'`.
  const code = findAccessRefusal(found, { address, origin: undefined, cors: 'none' }, now);
  if (code !== undefined) throw accessRefusalError(code, found, { address, now });
  return found.key;
}

/** The app in the request was resolved with the apps that the key had when the request came. */
function requireSameApps(stored: Principal, before: Principal): void {
  if (JSON.stringify(stored.appIds) === JSON.stringify(before.appIds)) return;
  throw new ApiError('app_not_allowed', {
    detail: 'The apps of this key were changed while the request waited. Send it again.',
  });
}

/** Returns the caller of a session, in no project. */
export function toSignedIn(
  { config, clock }: Pick<Services, 'config' | 'clock'>,
  exchange: Exchange,
  session: Session,
): SignedIn {
  const { address, network, requestId, raw } = exchange;
  const actor: Actor = { type: 'member', id: session.person.id, ip: address, requestId };
  const scheme = transportOf(exchange, config) === 'secure' ? 'https' : 'http';
  const siteUrl = config.publicUrl || `${scheme}://${raw.headers.host ?? ''}`;
  const recheck = async (tx: ControlTransaction) => {
    if (await findSessionById({ control: { db: tx }, clock }, session.id)) return;
    throw new ApiError('not_signed_in');
  };
  return { session, address, network, actor, siteUrl, recheck };
}

/** Key restrictions, none of which apply to people: their role is the only restriction. */
const UNRESTRICTED = { appIds: null, expiresAt: null, ipAllowlist: [], rateLimits: null } as const;

/** Returns the caller of a session as a member of a project. */
export function toMemberCaller(
  { clock }: { clock: Clock },
  route: Route,
  { params }: Exchange,
  signedIn: SignedIn,
  { project, role }: { project: Project; role: Role },
): MemberCaller {
  const { session } = signedIn;
  const { id } = session.person;
  const toPrincipal = (now: Role): Principal => ({
    ...UNRESTRICTED,
    id,
    projectId: project.id,
    type: 'member',
    granted: new Set(ROLE_SCOPES[now]),
  });
  const recheck = async (tx: ControlTransaction) => {
    const status = await findMembershipStatus({ control: { db: tx }, clock }, session.id, project.id);
    if (!status.isSignedIn) throw new ApiError('not_signed_in');
    if (!status.role) throw new ApiError('not_found', { detail: 'There is no such project.' });
    const stored = toPrincipal(status.role);
    requirePermission(stored, route, params);
    return stored;
  };
  return { ...signedIn, principal: toPrincipal(role), project, role, recheck };
}
