import { ApiError, type ErrorCode } from '../api/errors.ts';
import type { Access, CorsRule, Principal, Route } from '../api/route.ts';
import type { FoundKey } from '../directory/directory.ts';
import type { ApiKey } from '../directory/key.ts';
import { findStateRefusal, type StateRefusal } from '../keys/verify.ts';
import { type Cidr, isInCidrs, parseCidrs } from '../lib/ip.ts';
import { invalidToken } from './credential.ts';

/** Where a request comes from, and which web pages its route is open to. `origin` is the header; only browsers send it. */
export type Place = { address: string; origin: string | undefined; cors: CorsRule };

/** Why a key may not be used from where it is. */
export type PlaceRefusal = Extract<
  ErrorCode,
  'ip_not_allowed' | 'secret_key_in_browser' | 'origin_not_allowed'
>;

/** Returns why the key may not be used from this place, undefined when it may. Says nothing about scopes. */
export function findPlaceRefusal(key: ApiKey, { address, origin, cors }: Place): PlaceRefusal | undefined {
  if (!isAddressAllowed(key, address)) return 'ip_not_allowed';
  if (origin === undefined || key.type === 'client') return undefined;
  if (key.type === 'server') return 'secret_key_in_browser';
  return cors === 'key_origins' && key.allowedOrigins.includes(origin) ? undefined : 'origin_not_allowed';
}

function isAddressAllowed({ ipAllowlist }: ApiKey, address: string): boolean {
  return ipAllowlist.length === 0 || isInCidrs(address, networksOf(ipAllowlist));
}

/** By the lists themselves: a changed key has another one, and what the directory forgets is forgotten here. */
const networks = new WeakMap<readonly string[], readonly Cidr[]>();

/** Parsed once: this is asked before every limit, and a hundred networks take a millisecond to parse. */
function networksOf(ipAllowlist: readonly string[]): readonly Cidr[] {
  const known = networks.get(ipAllowlist);
  if (known) return known;
  const { cidrs } = parseCidrs(ipAllowlist);
  networks.set(ipAllowlist, cidrs);
  return cidrs;
}

/** Why a key that was let in would not be let in now. */
export type LostRight = StateRefusal | PlaceRefusal;

/**
 * Returns why a key that was let in with this secret may not be used any more, in the order of the door; undefined while
 * it may. `found` is the key as it is by now. Says nothing about scopes.
 */
export function findLostRight(found: FoundKey, place: Place, now: number): LostRight | undefined {
  return findStateRefusal(found, now) ?? findPlaceRefusal(found.key, place);
}

/** Returns the answer to a key whose right is lost: the one it would get at the door. */
export function lostRightError(code: LostRight, address: string): ApiError {
  return isPlaceRefusal(code) ? placeError(code, address) : invalidToken(code);
}

const PLACE_REFUSALS: readonly string[] = [
  'ip_not_allowed',
  'secret_key_in_browser',
  'origin_not_allowed',
] satisfies PlaceRefusal[];

const isPlaceRefusal = (code: LostRight): code is PlaceRefusal => PLACE_REFUSALS.includes(code);

/** Returns the 403 of a key that is used from the wrong place. */
export function placeError(code: PlaceRefusal, address: string): ApiError {
  return new ApiError(
    code,
    code === 'ip_not_allowed' ? { detail: `This key cannot be used from ${address}.` } : {},
  );
}

/** What a route in a project asks for. */
export type KeyAccess = Exclude<Access, 'public' | 'visitor' | 'signed_in'>;

/** Whether a route asks for something in a project: only such rights can be lost, so only such routes may stream. */
export function isInProject(access: Access): access is KeyAccess {
  return access !== 'public' && access !== 'visitor' && access !== 'signed_in';
}

/** Whether a key or a role has what a route asks for: the one permission check of both doors. */
export function isGranted({ granted }: Pick<Principal, 'granted'>, access: KeyAccess): boolean {
  return access === 'any_key' || granted.has(access);
}

/** Throws 403 unless the caller has the scope the route asks for. */
export function requireScope(principal: Principal, access: KeyAccess): void {
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
 * Throws 403 unless the caller has the scope the route asks for, or is the member whom the route is about, where that is
 * enough. `params` are those of the path.
 */
export function requireRight(
  principal: Principal,
  { access, selfParam }: Pick<Route, 'access' | 'selfParam'>,
  params: Readonly<Record<string, unknown>>,
): void {
  const isAboutSelf =
    principal.type === 'member' && selfParam !== undefined && params[selfParam] === principal.id;
  if (isInProject(access) && !isAboutSelf) requireScope(principal, access);
}

const EXPOSED = 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Appflow-Key-Expires';
const PREFLIGHT_AGE_SECONDS = '600';

/** Returns the CORS headers of an answer: errors on open routes included, so that a page can read why. */
export function corsHeaders(
  cors: CorsRule,
  origin: string | undefined,
  key: ApiKey | undefined,
): Record<string, string> {
  if (cors === 'any_origin') {
    return { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED };
  }
  if (cors === 'none') return {};
  if (origin === undefined || !key?.allowedOrigins.includes(origin)) return { vary: 'Origin' };
  return { 'access-control-allow-origin': origin, vary: 'Origin', 'access-control-expose-headers': EXPOSED };
}

/** Returns the answer's headers to a preflight, which carries no key and is therefore the same for any origin. */
export function preflightHeaders(routes: readonly Route[]): Record<string, string> {
  return {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': routes.map((route) => route.method).join(', '),
    'access-control-allow-headers':
      'Authorization, Content-Type, Content-Encoding, X-Request-Id, X-Appflow-Bundle-Id, X-Appflow-Sdk',
    'access-control-max-age': PREFLIGHT_AGE_SECONDS,
  };
}
