import { findSessionById } from '../../accounts/sessions.ts';
import type { KeyCaller, MemberCaller, SignedIn } from '../../api/caller.ts';
import { ApiError } from '../../api/errors.ts';
import { isInProject, requirePermission, requireScope } from '../../api/permission.ts';
import type { Route } from '../../api/route.ts';
import { accessRefusalError, findAccessRefusal, invalidToken } from '../../keys/verify/refusals.ts';
import { findPresentedSecret, findStateRefusal } from '../../keys/verify/verify.ts';
import { findCaller } from './authenticate-session.ts';
import { toKeyCaller } from './callers.ts';
import type { AnyCaller, Exchange } from './exchange.ts';
import { requireSdkAllowed } from './sdk-restriction.ts';
import type { Services } from './services.ts';

// A body may take a minute to arrive and a slot two seconds to come free. What changed meanwhile is caught here, before
// the handler runs; what changes while a write waits, by the caller's `recheck`; while a stream is open, by
// `findStreamRefusal`.

/**
 * Returns the caller as it is now; for a key, the very same object if nothing changed. Throws what the same request would
 * get now.
 */
export function recheckCaller(
  services: Services,
  route: Route,
  exchange: Exchange,
  caller: AnyCaller,
): AnyCaller | Promise<AnyCaller> {
  if (!('key' in caller)) return recheckSession(services, route, exchange, caller);
  const refreshing = services.directory.ensureFresh();
  if (refreshing === undefined) return recheckKey(services, route, exchange, caller);
  return refreshing.then(() => recheckKey(services, route, exchange, caller));
}

function recheckKey(services: Services, route: Route, exchange: Exchange, caller: KeyCaller): KeyCaller {
  const { directory, clock, failures } = services;
  const { key, secret, project: before, address } = caller;
  const now = clock.now();
  const project = directory.findProject(key.projectId);
  const isUnchanged = directory.findKey(key.id) === key && project === before;
  if (isUnchanged && findStateRefusal(caller, now) === undefined) return caller;
  const found = findPresentedSecret(directory.findKey(key.id), secret);
  if (!found || !project) throw invalidToken('invalid_api_key');
  const { origin } = exchange.raw.headers;
  const code = findAccessRefusal(found, { address, origin, cors: route.cors }, now);
  if (code !== undefined) {
    failures.record({ code, found, address, origin, requestId: exchange.requestId });
    throw accessRefusalError(code, found, { address, now });
  }
  if (isInProject(route.access)) requireScope(found.key, route.access);
  requireSdkAllowed(route, exchange, found.key);
  return toKeyCaller(services, route, exchange, found, project);
}

async function recheckSession(
  services: Services,
  route: Route,
  exchange: Exchange,
  { session: { id } }: SignedIn | MemberCaller,
): Promise<SignedIn | MemberCaller> {
  const session = await findSessionById(services, id);
  if (!session) throw new ApiError('not_signed_in');
  const caller = await findCaller(services, route, exchange, session);
  if ('project' in caller) requirePermission(caller.principal, route, exchange.params);
  return caller;
}
