import type { KeyCaller } from '../../api/caller.ts';
import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import { type ApiKey, expiryOfSecret } from '../../directory/key.ts';
import { invalidToken, stateRefusalError, usageRefusalError } from '../../keys/verify/refusals.ts';
import { findUsageRefusal } from '../../keys/verify/usage-restrictions.ts';
import { type RefusedVerdict, verify } from '../../keys/verify/verify.ts';
import { type MaybePromise, thenMaybe } from '../../limits/maybe-promise.ts';
import { toKeyCaller } from './callers.ts';
import { corsHeaders } from './cors.ts';
import { readCredential } from './credential.ts';
import type { Exchange } from './exchange.ts';
import type { Services } from './services.ts';

/**
 * Credential → look-up → state → usage restrictions. Returns the caller, which has proved possession of a live key, and
 * the key as presented. Throws 401, 403, or 429 after too many unknown keys from one network.
 */
export function authenticateKey(
  services: Services,
  route: Route,
  exchange: Exchange,
): MaybePromise<Authenticated> {
  addCorsHeaders(exchange, route, undefined);
  return authenticateCredential(services, route, exchange, takeCredential(services, exchange));
}

/** Returns the caller of a key, as `authenticateKey` does, wherever in the request it was. */
export function authenticateCredential(
  services: Services,
  route: Route,
  exchange: Exchange,
  credential: string,
): MaybePromise<Authenticated> {
  // Only if another process changed something: usually nothing is awaited.
  const refreshing = services.directory.ensureFresh();
  if (refreshing === undefined) return verifyCredential(services, route, exchange, credential);
  return refreshing.then(() => verifyCredential(services, route, exchange, credential));
}

/** A caller and its key as presented. */
export type Authenticated = { caller: KeyCaller; credential: string };

function verifyCredential(
  services: Services,
  route: Route,
  exchange: Exchange,
  credential: string,
): MaybePromise<Authenticated> {
  const { directory, pepper, retiredPeppers, clock, usage } = services;
  const verdict = verify(credential, directory, pepper, clock.now(), retiredPeppers);
  if (!verdict.ok) return refuse(services, exchange, verdict);
  const { key, secret } = verdict.found;
  if (verdict.isRetired) services.rehash.enqueue(credential, verdict.found);
  const project = directory.findProject(key.projectId);
  if (!project) throw new Error(`Key ${key.id} belongs to project ${key.projectId}, which does not exist.`);
  exchange.keyId = key.id;
  exchange.use = usage.tallyOf(key.id);
  const expiresAt = expiryOfSecret(key, secret);
  if (expiresAt !== null) exchange.headers['appflow-key-expires'] = new Date(expiresAt).toISOString();
  addCorsHeaders(exchange, route, key);
  const caller = toKeyCaller(services, route, exchange, verdict.found, project);
  requireUsageAllowed(services, route, exchange, caller);
  usage.touch(caller, caller.address, exchange.raw.headers);
  services.firstUse.record(caller);
  return { caller, credential };
}

/** Most routes are not open to web pages. */
export function addCorsHeaders(exchange: Exchange, route: Route, key: ApiKey | undefined): void {
  if (route.cors !== 'none')
    Object.assign(exchange.headers, corsHeaders(route, exchange.raw.headers.origin, key));
}

/** Counts and logs a failed authentication, then throws its 401, or 429 if its network has had too many. */
function refuse(
  services: Services,
  exchange: Exchange,
  { found, refusal }: RefusedVerdict,
): MaybePromise<never> {
  const { failures, usage, clock } = services;
  const { address, requestId } = exchange;
  const { code } = refusal;
  if (found) exchange.use = usage.tallyOf(found.key.id);
  failures.record({ code, found, address, requestId });
  const charged = refusal.unknown ? chargeUnknownKey(services, exchange) : undefined;
  return thenMaybe(charged, () => {
    throw found && code !== 'invalid_api_key'
      ? stateRefusalError(code, found, clock.now())
      : invalidToken(code);
  });
}

/**
 * Charges the network for a well-formed key that no key of this server is. Throws 429 if it has sent too many. A verified key is
 * never refused because of its address.
 */
export function chargeUnknownKey(
  { limiter }: Pick<Services, 'limiter'>,
  { network }: Pick<Exchange, 'network'>,
): MaybePromise<void> {
  return thenMaybe(limiter.chargeFailedAuthentication(network), (retryAfterSeconds) => {
    if (retryAfterSeconds === undefined) return;
    throw new ApiError('too_many_failed_authentications', {
      headers: { 'Retry-After': String(retryAfterSeconds) },
    });
  });
}

/** Returns the presented key. None, or more than one, is logged as a failed authentication like any other. */
function takeCredential({ failures }: Services, { raw, requestId, address }: Exchange): string {
  try {
    return readCredential(raw.rawHeaders);
  } catch (error) {
    const code = error instanceof ApiError ? error.code : undefined;
    if (code === 'invalid_api_key' || code === 'multiple_credentials')
      failures.record({ code, found: undefined, address, requestId });
    throw error;
  }
}

/** Throws 403 unless the key may be used from this address and origin. Logged: it may be in the wrong hands. */
function requireUsageAllowed(
  { failures }: Services,
  { cors }: Route,
  { raw, requestId }: Exchange,
  { key, secret, address }: KeyCaller,
): void {
  const { origin } = raw.headers;
  const code = findUsageRefusal(key, { address, origin, cors });
  if (code === undefined) return;
  failures.record({ code, found: { key, secret }, address, origin, requestId });
  throw usageRefusalError(code, address);
}
