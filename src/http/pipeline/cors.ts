import type { CorsRule, Route } from '../../api/route.ts';
import type { ApiKey } from '../../directory/key.ts';

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
