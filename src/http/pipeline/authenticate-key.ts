import type { Actor, KeyCaller } from '../../api/caller.ts';
import { ApiError } from '../../api/errors.ts';
import { isInProject, requireScope } from '../../api/permission.ts';
import type { Route } from '../../api/route.ts';
import { endOfSecret } from '../../directory/key.ts';
import {
  accessRefusalError,
  findAccessRefusal,
  invalidToken,
  usageRefusalError,
} from '../../keys/verify/refusals.ts';
import { findUsageRefusal } from '../../keys/verify/usage-restrictions.ts';
import { findPresentedSecret, findStateRefusal, verify } from '../../keys/verify/verify.ts';
import { corsHeaders } from './cors.ts';
import { readCredential } from './credential.ts';
import { addressOf, type Exchange } from './exchange.ts';
import { getStoredPrincipal } from './recheck-writes.ts';
import type { Services } from './services.ts';

/** Credential → look-up → state. Whoever gets past this proved possession of a live key. */
export async function authenticateKey(
  services: Services,
  route: Route,
  exchange: Exchange,
): Promise<KeyCaller> {
  const { directory, pepper, retiredPeppers, clock, limiter } = services;
  const { headers } = exchange.raw;
  Object.assign(exchange.headers, corsHeaders(route.cors, headers.origin, undefined));
  const { ip: address, network } = addressOf(services, exchange);
  const secret = takeCredential(services, exchange, address);
  // Only when another process changed something: in the common case nothing is awaited.
  const catchingUp = directory.ensureFresh();
  if (catchingUp !== undefined) await catchingUp;
  const verdict = verify(secret, directory, pepper, clock.now(), retiredPeppers);
  if (!verdict.ok) {
    if (verdict.found) exchange.use = services.usage.look(verdict.found.key.id);
    const { requestId } = exchange;
    services.failures.note({ code: verdict.refusal.code, found: verdict.found, address, requestId });
    // Consulted only for well-formed keys nobody knows: a verified key is never refused because of its address.
    if (verdict.refusal.unknown && network !== undefined) {
      passFailedAuthentication(await limiter.chargeFailedAuthentication(network));
    }
    throw invalidToken(verdict.refusal.code);
  }
  const { key, secret: shown } = verdict.found;
  if (verdict.isRetired) services.rehash.note(secret, verdict.found);
  const project = directory.findProject(key.projectId);
  if (!project) throw new Error(`Key ${key.id} belongs to project ${key.projectId}, which does not exist.`);
  exchange.keyId = key.id;
  exchange.use = services.usage.look(key.id);
  const end = endOfSecret(key, shown);
  if (end !== null) exchange.headers['appflow-key-expires'] = new Date(end).toISOString();
  Object.assign(exchange.headers, corsHeaders(route.cors, headers.origin, key));
  const actor: Actor = { type: 'key', id: key.id, ip: address, requestId: exchange.requestId };
  const readAgain: KeyCaller['readAgain'] = (tx) =>
    getStoredPrincipal({ clock }, tx, { key, secret: shown, address });
  return { principal: key, key, secret: shown, project, address, network, actor, readAgain };
}

/** Returns the presented key. Noted when what was presented is none, or more than one: a failure like any other. */
function takeCredential({ failures }: Services, { raw, requestId }: Exchange, address: string): string {
  try {
    return readCredential(raw.rawHeaders);
  } catch (error) {
    const code = error instanceof ApiError ? error.code : undefined;
    if (code === 'invalid_api_key' || code === 'multiple_credentials')
      failures.note({ code, found: undefined, address, requestId });
    throw error;
  }
}

/** Throws 403 unless the key may be used from this address and web page. Noted: it may be in the wrong hands. */
export function requireUsageAllowed(
  { failures }: Services,
  { cors }: Route,
  { raw, requestId }: Exchange,
  { key, secret, address }: KeyCaller,
): void {
  const { origin } = raw.headers;
  const code = findUsageRefusal(key, { address, origin, cors });
  if (code === undefined) return;
  failures.note({ code, found: { key, secret }, address, origin, requestId });
  throw usageRefusalError(code, address);
}

/**
 * Returns the caller as it is by now, the very same object while nothing changed: two look-ups and three comparisons
 * then. Throws what the same request would get if it came now.
 */
export function recheckKey(
  { directory, clock, failures }: Services,
  { cors, access }: Route,
  { raw, requestId }: Exchange,
  caller: KeyCaller,
): KeyCaller {
  const { key: judged, secret: shown, project: former, address } = caller;
  const now = clock.now();
  const project = directory.findProject(judged.projectId);
  const isAsBefore = directory.findKey(judged.id) === judged && project === former;
  if (isAsBefore && findStateRefusal(caller, now) === undefined) return caller;
  const found = findPresentedSecret(directory.findKey(judged.id), shown);
  if (!found || !project) throw invalidToken('invalid_api_key');
  const { origin } = raw.headers;
  const code = findAccessRefusal(found, { address, origin, cors }, now);
  if (code !== undefined) {
    failures.note({ code, found, address, origin, requestId });
    throw accessRefusalError(code, address);
  }
  if (isInProject(access)) requireScope(found.key, access);
  return { ...caller, ...found, principal: found.key, project };
}

function passFailedAuthentication(retryAfterSeconds: number | undefined): void {
  if (retryAfterSeconds === undefined) return;
  throw new ApiError('too_many_failed_authentications', {
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
}
