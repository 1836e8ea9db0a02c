import type { Alias, Route } from '../../api/route.ts';
import type { ApiKey } from '../../directory/key.ts';

const EXPOSED = 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Appflow-Key-Expires';
const PREFLIGHT_AGE_SECONDS = '600';

/**
 * Returns the CORS headers of an answer: errors on open routes included, so that a page can read why. A dialect's answers may have a
 * header of its own.
 */
export function corsHeaders(
  { cors, dialect }: Pick<Route, 'cors' | 'dialect'>,
  origin: string | undefined,
  key: ApiKey | undefined,
): Record<string, string> {
  const exposed = dialect?.headers ? `${EXPOSED}, ${dialect.headers.echoed}` : EXPOSED;
  if (cors === 'any_origin') {
    return { 'access-control-allow-origin': '*', 'access-control-expose-headers': exposed };
  }
  if (cors === 'none') return {};
  if (origin === undefined || !key?.allowedOrigins.includes(origin)) return { vary: 'Origin' };
  return { 'access-control-allow-origin': origin, vary: 'Origin', 'access-control-expose-headers': exposed };
}

const ALLOWED = [
  ...['Authorization', 'Content-Type', 'Content-Encoding', 'X-Request-Id', 'X-Appflow-Bundle-Id'],
  'X-Appflow-Sdk',
];
const ALLOWED_NAMES: ReadonlySet<string> = new Set(ALLOWED.map((name) => name.toLowerCase()));
const REQUESTED_LENGTH_MAX = 1_000;
/** Without `*`: a browser takes that for every header. */
const HEADER_NAME = /^[\w!#$%&'+.^`|~-]+$/;

/**
 * Headers that a proxy or the dashboard vouches for: a page must not be able to send them from its visitor's network. Its
 * own rules keep a browser from sending Cookie, Host, Via and the like.
 */
const WITH_AUTHORITY =
  /^(?:forwarded|x-(?:forwarded|real|client|cluster|original|envoy|appflow|http)-.*|x-forwarded|.*-(?:ip|ipcountry|country|addr)|if-match|idempotency-key)$/i;

/**
 * Returns the answer's headers to a preflight, which carries no key and is therefore the same for any origin. Tracing
 * libraries add headers of their own to each request (`traceparent`, `sentry-trace`), so what a page asks for in `requested`
 * is allowed: refusing one would block the events.
 */
export function preflightHeaders(places: readonly Alias[], requested = ''): Record<string, string> {
  const asked =
    requested.length > REQUESTED_LENGTH_MAX ? [] : requested.split(',').map((name) => name.trim());
  const others = asked.filter(
    (name) => HEADER_NAME.test(name) && !WITH_AUTHORITY.test(name) && !ALLOWED_NAMES.has(name.toLowerCase()),
  );
  return {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': places.map(({ method }) => method).join(', '),
    'access-control-allow-headers': [...ALLOWED, ...others].join(', '),
    'access-control-max-age': PREFLIGHT_AGE_SECONDS,
    vary: 'Access-Control-Request-Headers',
  };
}
