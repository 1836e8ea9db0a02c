import type { ApiKey } from '../keys/key.ts';
import { isInCidrs, parseCidrs } from '../lib/ip.ts';
import { ApiError } from './errors.ts';
import type { Access, CorsRule, Route } from './route.ts';

/** Throws 403 unless the key may be used from this address. Says nothing about scopes. */
export function requireAddress(key: ApiKey, address: string): void {
  if (key.ipAllowlist.length === 0) return;
  // Parsed at each use: lists are short, few keys have one, and the directory stays plain data.
  if (isInCidrs(address, parseCidrs(key.ipAllowlist).cidrs)) return;
  throw new ApiError('ip_not_allowed', { detail: `This key cannot be used from ${address}.` });
}

/** Throws 403 unless a browser on this origin may send this key here. Requests without Origin pass. */
export function requireOrigin(key: ApiKey, origin: string | undefined, cors: CorsRule): void {
  if (origin === undefined || key.type === 'client') return;
  if (key.type === 'server') throw new ApiError('secret_key_in_browser');
  if (cors === 'key_origins' && key.allowedOrigins.includes(origin)) return;
  throw new ApiError('origin_not_allowed');
}

/** Throws 403 unless the key has the scope the route asks for. */
export function requireScope(key: ApiKey, access: Exclude<Access, 'public'>): void {
  if (access === 'any_key' || key.granted.has(access)) return;
  const granted = [...key.granted];
  throw new ApiError('insufficient_scope', {
    detail: `This key has ${granted.join(', ') || 'no scopes'}; this request needs ${access}.`,
    members: { required: [access], granted },
    headers: { 'www-authenticate': `Bearer realm="appflow", error="insufficient_scope", scope="${access}"` },
  });
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
