import { findRefusalState } from '../../api/dialect.ts';
import { ERRORS, type ErrorCode } from '../../api/error-codes.ts';
import type { Route } from '../../api/route.ts';
import { headerRefs, type ResponseHeader } from './response-headers.ts';
import { listErrors } from './route-errors.ts';
import { type Components, toOpenApiSchema } from './to-openapi-schema.ts';

/** Returns the answers of a route by status, errors included. */
export function responsesOf(route: Route, components: Components): Record<string, object> {
  const { answer } = route;
  const headers = headerRefs([
    'X-Request-Id',
    ...(route.access === 'public' ? [] : KEY_HEADERS),
    ...(answer.headersOf ? (['ETag'] as const) : []),
  ]);
  const content = contentOf(route, components);
  return {
    [answer.status]: { description: answer.description ?? 'Success', headers, content },
    ...(answer.pending ? { 202: { description: answer.pending.description, headers, content } } : {}),
    ...(answer.mayBeEmpty ? { 204: { description: 'Success, without a body', headers } } : {}),
    ...errorResponses(route, components),
  };
}

const KEY_HEADERS: readonly ResponseHeader[] = ['RateLimit-Policy', 'RateLimit', 'Appflow-Key-Expires'];

function contentOf({ answer }: Route, components: Components): Record<string, object> {
  const { exports, contentType = 'application/json' } = answer;
  if (exports) {
    const text = { schema: { type: 'string' } };
    return Object.fromEntries(exports.map((type) => [mediaTypeOf(type), text]));
  }
  return { [mediaTypeOf(contentType)]: { schema: toOpenApiSchema(answer.schema, components) } };
}

/** Without parameters: generators select how to read an answer by the media type alone. */
const mediaTypeOf = (contentType: string) => contentType.split(';', 1)[0] ?? contentType;

const EXTRA_HEADERS: Partial<Record<number, readonly ResponseHeader[]>> = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate'],
  412: ['ETag'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** For an hour after a mistake, a revoked key can be restored. SDKs are answered as if it was disabled. */
const MAY_BE_REVERSIBLE: ErrorCode = 'api_key_revoked';

/** Returns the statuses that an error of a route can be answered with. */
export function statusesOfError({ dialect }: Pick<Route, 'dialect'>, code: ErrorCode): number[] {
  const { status } = ERRORS[code];
  if (!dialect) return [status];
  const reversible = code === MAY_BE_REVERSIBLE ? [false, true] : [false];
  const states = reversible.map((isReversible) => findRefusalState({ code, status, isReversible }));
  const dialects = [dialect, ...(dialect.variants ?? []).map((variant) => variant.dialect)];
  return [...new Set(dialects.flatMap((one) => states.map((state) => one.states[state].status)))];
}

function errorResponses(route: Route, components: Components): Record<string, object> {
  const pairs = [...listErrors(route)].flatMap((code) =>
    statusesOfError(route, code).map((status) => ({ code, status })),
  );
  const byStatus = Map.groupBy(pairs, ({ status }) => status);
  const content = errorContentOf(route, components);
  const isPublic = route.access === 'public';
  return Object.fromEntries(
    [...byStatus].map(([status, found]) => {
      const codes = found.map(({ code }) => code);
      const extra = isPublic && status < 429 ? [] : (EXTRA_HEADERS[status] ?? []);
      // Every error but 401 can come after the key is verified, so it has the limits.
      const limits = isPublic || status === 401 ? [] : KEY_HEADERS;
      return [status, errorResponse(codes, ['X-Request-Id', ...limits, ...extra], content)];
    }),
  );
}

function errorContentOf({ dialect }: Route, components: Components): object {
  if (dialect?.error)
    return { 'application/json': { schema: toOpenApiSchema(dialect.error.schema, components) } };
  return { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
}

const errorResponse = (codes: readonly ErrorCode[], headers: readonly ResponseHeader[], content: object) => ({
  description: codes.map((code) => `\`${code}\``).join(', '),
  headers: headerRefs(headers),
  content,
});
