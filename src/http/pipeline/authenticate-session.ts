import { COOKIES, readCookie } from '../../accounts/cookies.ts';
import { findSession } from '../../accounts/sessions.ts';
import type { MemberCaller, Session, SignedIn } from '../../api/caller.ts';
import { ApiError } from '../../api/errors.ts';
import { type BrowserRequest, claimsTls, tlsRequired } from '../../api/raw-request.ts';
import type { Route } from '../../api/route.ts';
import { findRole } from '../../members/membership.ts';
import { allowsSignIn, isFromOwnSite } from '../network/own-site.ts';
import { toMemberCaller, toSignedIn } from './callers.ts';
import { type Exchange, transportOf } from './exchange.ts';
import type { Services } from './services.ts';

/** Returns the request as the handlers see it that sign people in and out. */
export function toBrowserRequest({ config }: Services, exchange: Exchange): BrowserRequest {
  const { address, network, raw, requestId, cookies } = exchange;
  const transport = transportOf(exchange, config);
  return {
    address,
    network,
    headers: raw.headers,
    requestId,
    isSecure: transport === 'secure',
    allowsSignIn: allowsSignIn(transport, config),
    setCookie: (cookie) => cookies.push(cookie),
  };
}

/** Returns the token in the session cookie. None counts where a password could be read in transit. */
function readSessionToken({ config }: Services, exchange: Exchange): string | undefined {
  const transport = transportOf(exchange, config);
  if (!allowsSignIn(transport, config)) return undefined;
  return readCookie(exchange.raw.headers.cookie, COOKIES.session, transport === 'secure');
}

/** Throws 403 unless a request that changes something comes from a page of the dashboard. */
export function requireOwnSite({ config }: Services, exchange: Exchange): void {
  const { method = '', headers } = exchange.raw;
  const transport = transportOf(exchange, config);
  if (isFromOwnSite({ method, headers, transport }, config)) return;
  // Its own page, but of the proxy's https address: the proxy is not configured.
  const isProxied = claimsTls(headers) && isFromOwnSite({ method, headers, transport: 'secure' }, config);
  throw isProxied ? tlsRequired(headers) : new ApiError('csrf_rejected');
}

/** Returns the signed-in person if the page proves with its CSRF token that it acts for the session. */
export async function findSignedIn(services: Services, exchange: Exchange): Promise<SignedIn | undefined> {
  const token = readSessionToken(services, exchange);
  const session = token === undefined ? undefined : await findSession(services, token);
  return session && hasCsrfToken(services, exchange, session)
    ? toSignedIn(services, exchange, session)
    : undefined;
}

/**
 * Cookie → session → CSRF token → project. Returns the caller, and the session token as presented. Throws 401 without a
 * valid session, 403 if the request does not come from the dashboard, and 404 unless the person is a member of the
 * project in the path.
 */
export async function authenticateSession(
  services: Services,
  route: Route,
  exchange: Exchange,
): Promise<{ caller: SignedIn | MemberCaller; credential: string }> {
  const token = readSessionToken(services, exchange);
  const session = token === undefined ? undefined : await findSession(services, token);
  if (!session || token === undefined) throw new ApiError('not_signed_in');
  exchange.personId = session.person.id;
  requireOwnSite(services, exchange);
  if (route.method !== 'GET' && !hasCsrfToken(services, exchange, session))
    throw new ApiError('csrf_rejected');
  return { caller: await findCaller(services, route, exchange, session), credential: token };
}

function hasCsrfToken({ people }: Services, { raw }: Exchange, { id }: Session): boolean {
  const sent = raw.headers['x-appflow-csrf'];
  return typeof sent === 'string' && people.isCsrfToken(id, sent);
}

/** Returns the session as a caller, as a member if the path names a project. Throws 404 if the person is not one. */
export async function findCaller(
  services: Services,
  route: Route,
  exchange: Exchange,
  session: Session,
): Promise<SignedIn | MemberCaller> {
  const signedIn = toSignedIn(services, exchange, session);
  const { project_id: projectId } = exchange.params;
  if (projectId === undefined) return signedIn;
  const { directory } = services;
  await directory.ensureFresh();
  const project = directory.findProject(projectId);
  const role = project && (await findRole(services, projectId, session.person.id));
  if (!project || !role) throw new ApiError('not_found', { detail: 'There is no such project.' });
  return toMemberCaller(services, route, exchange, signedIn, { project, role });
}

/** Throws 403 if the route asks for the password again and it was not given in the last 10 minutes. */
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
