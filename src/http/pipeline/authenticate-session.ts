import { COOKIES, readCookie } from '../../accounts/cookies.ts';
import { findSession, findSessionById } from '../../accounts/sessions.ts';
import type { Actor, MemberCaller, Session, SignedIn } from '../../api/caller.ts';
import { ApiError } from '../../api/errors.ts';
import { requirePermission } from '../../api/permission.ts';
import type { BrowserRequest } from '../../api/raw-request.ts';
import type { Route } from '../../api/route.ts';
import { ROLE_SCOPES } from '../../directory/scopes.ts';
import { findRole } from '../../members/membership.ts';
import {
  allowsSignIn,
  findTransport,
  isFromOwnSite,
  type SiteRequest,
  type Transport,
} from '../network/own-site.ts';
import { addressOf, type Exchange } from './exchange.ts';
import { getStoredPrincipal } from './recheck-writes.ts';
import type { Services } from './services.ts';
import type { WatchedMember } from './stream-permission.ts';

const siteRequestOf = ({ raw }: Exchange): SiteRequest => ({
  method: raw.method ?? '',
  peer: raw.socket.remoteAddress ?? '',
  headers: raw.headers,
});

const transportOf = ({ config }: Services, exchange: Exchange): Transport =>
  findTransport(siteRequestOf(exchange), config);

/** Returns the request as the routes see it that sign people in and out. */
export function toBrowserRequest(services: Services, exchange: Exchange): BrowserRequest {
  const transport = transportOf(services, exchange);
  const { ip: address, network } = addressOf(services, exchange);
  return {
    address,
    network,
    headers: exchange.raw.headers,
    requestId: exchange.requestId,
    isSecure: transport === 'secure',
    allowsSignIn: allowsSignIn(transport, services.config),
    setCookie: (cookie) => exchange.cookies.push(cookie),
  };
}

/** Returns the token in the session's cookie. */
export function readSessionToken(services: Services, exchange: Exchange): string | undefined {
  const transport = transportOf(services, exchange);
  if (!allowsSignIn(transport, services.config)) return undefined;
  return readCookie(exchange.raw.headers.cookie, COOKIES.session, transport === 'secure');
}

/** Throws 403 unless a request that changes something comes from a page of ours. */
export function requireOwnSite({ config }: Services, exchange: Exchange): void {
  if (!isFromOwnSite(siteRequestOf(exchange), config)) throw new ApiError('csrf_rejected');
}

/** Returns who is signed in, when the page proves with its token that it acts for the session; undefined otherwise. */
export async function findSignedIn(services: Services, exchange: Exchange): Promise<SignedIn | undefined> {
  const token = readSessionToken(services, exchange);
  const session = token === undefined ? undefined : await findSession(services, token);
  return session && hasCsrfToken(services, exchange, session)
    ? toSignedIn(services, exchange, session)
    : undefined;
}

/**
 * Cookie → session → token of the page → project. Whoever gets past this is signed in, acts from a page of ours, and
 * is a member of the project in the path, if there is one: otherwise it is as if the project did not exist.
 */
export async function authenticateSession(
  services: Services,
  route: Route,
  exchange: Exchange,
): Promise<SignedIn | WatchedMember> {
  const token = readSessionToken(services, exchange);
  const session = token === undefined ? undefined : await findSession(services, token);
  if (!session) throw new ApiError('not_signed_in');
  exchange.personId = session.person.id;
  requireOwnSite(services, exchange);
  if (route.method !== 'GET' && !hasCsrfToken(services, exchange, session))
    throw new ApiError('csrf_rejected');
  const caller = toSignedIn(services, exchange, session);
  const { project_id: projectId } = exchange.params;
  return projectId === undefined ? caller : asMember(services, caller, projectId);
}

function hasCsrfToken({ people }: Services, { raw }: Exchange, { id }: Session): boolean {
  const sent = raw.headers['x-appflow-csrf'];
  return typeof sent === 'string' && people.isCsrfToken(id, sent);
}

function toSignedIn(services: Services, exchange: Exchange, session: Session): SignedIn {
  const { ip: address, network } = addressOf(services, exchange);
  const actor: Actor = { type: 'member', id: session.person.id, ip: address, requestId: exchange.requestId };
  const siteUrl =
    services.config.publicUrl ||
    `${transportOf(services, exchange) === 'secure' ? 'https' : 'http'}://${exchange.raw.headers.host ?? ''}`;
  return { session, address, network, actor, siteUrl };
}

async function asMember(services: Services, caller: SignedIn, projectId: string): Promise<WatchedMember> {
  const { directory, standings } = services;
  await directory.ensureFresh();
  const { session } = caller;
  const { id } = session.person;
  const project = directory.findProject(projectId);
  const role = project && (await findRole(services, projectId, id));
  if (!project || !role) throw new ApiError('not_found', { detail: 'There is no such project.' });
  const known = { isSignedIn: true, role };
  const principal = {
    ...UNRESTRICTED,
    id,
    projectId,
    type: 'member',
    granted: new Set(ROLE_SCOPES[role]),
  } as const;
  return {
    ...caller,
    principal,
    project,
    readAgain: (tx) => getStoredPrincipal(services, tx, { session, project, principal }),
    lookAgain: () => standings.look(session.id, projectId, known),
  };
}

/**
 * Returns the caller as it is by now: while a body comes or a slot is waited for, the session may end or the role change.
 * Throws what the same request would get if it came now.
 */
export async function recheckSession(
  services: Services,
  route: Route,
  { params }: Exchange,
  caller: SignedIn | MemberCaller,
): Promise<SignedIn | WatchedMember> {
  const session = await findSessionById(services, caller.session.id);
  if (!session) throw new ApiError('not_signed_in');
  if (!('project' in caller)) return { ...caller, session };
  const member = await asMember(services, { ...caller, session }, caller.project.id);
  requirePermission(member.principal, route, params);
  return member;
}

/** What narrows keys, people do not have: their roles say it all. */
const UNRESTRICTED = { appIds: null, expiresAt: null, ipAllowlist: [], rateLimits: null } as const;

/** Throws 403 when the route asks for the password once more and it was not given in the last 10 minutes. */
export function requireStepUp(
  services: Services,
  route: Route<Services>,
  caller: SignedIn | MemberCaller,
  parsed: { params: unknown; query: unknown; body: unknown },
): void {
  const projectId = 'project' in caller ? caller.project.id : undefined;
  const { steppedUpUntil } = caller.session;
  if (steppedUpUntil !== null && steppedUpUntil > services.clock.now()) return;
  if (route.needsStepUp({ ...parsed, projectId }, services)) throw new ApiError('step_up_required');
}
