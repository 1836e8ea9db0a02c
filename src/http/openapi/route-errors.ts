import type { ErrorCode } from '../../api/error-codes.ts';
import type { Route } from '../../api/route.ts';

type Errors = readonly ErrorCode[];

/** Any request: a URL or headers that cannot be decoded, and failures of the server. */
const ANY_REQUEST: Errors = ['invalid_encoding', 'internal'];

const ANY_KEY: Errors = [
  'multiple_credentials',
  'missing_api_key',
  'invalid_api_key',
  'api_key_expired',
  'api_key_revoked',
  'api_key_disabled',
  'ip_not_allowed',
  'origin_not_allowed',
  'secret_key_in_browser',
  'validation_failed',
  'rate_limited',
  'too_many_failed_authentications',
  'overloaded',
  'storage_unavailable',
];

const ANY_BODY: Errors = ['malformed_json', 'request_too_slow', 'payload_too_large', 'overloaded'];

/** Returns the codes of the errors that a route can answer: those of the pipeline, by what it declares, and its own. */
export function listErrors(route: Route): ReadonlySet<ErrorCode> {
  const { access, body, rawBody, app, limit, method, requestHeaders, errors } = route;
  const hasKey = access !== 'public';
  return new Set([
    ...ANY_REQUEST,
    ...(hasKey ? ANY_KEY : []),
    ...when(hasKey && access !== 'any_key', 'insufficient_scope'),
    ...(body || rawBody ? ANY_BODY : []),
    ...when(access === 'events:write', 'sdk_not_allowed'),
    ...when(body !== undefined, 'unsupported_media_type'),
    ...when(app !== undefined || 'id' in route.params.properties, 'not_found', 'app_not_allowed'),
    ...when(app?.isRequired({ events: [{}] }) === true, 'app_required'),
    ...when(hasKey && limit === 'events', 'disk_nearly_full'),
    ...when(hasKey && limit === 'analytics' && method === 'GET', 'query_too_large', 'query_timeout'),
    ...when(requestHeaders.includes('If-Match'), 'precondition_failed'),
    ...when(requestHeaders.includes('Idempotency-Key'), 'idempotency_key_reused'),
    ...errors,
  ]);
}

const when = (condition: boolean, ...codes: ErrorCode[]): ErrorCode[] => (condition ? codes : []);
