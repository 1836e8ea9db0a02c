import { ApiError, type ErrorCode } from '../api/errors.ts';
import type { CorsRule, Route } from '../api/route.ts';
import type { FoundKey } from '../directory/directory.ts';
import type { ApiKey } from '../directory/key.ts';
import { findStateRefusal, type StateRefusal } from '../keys/verify/verify.ts';
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
