/** The headers of answers, for `components.headers`. */
export const RESPONSE_HEADERS = {
  'X-Request-Id': {
    description:
      'The ID of the request, also in the log of the server. A valid `X-Request-Id` of the request is used as is.',
    schema: { type: 'string' },
    example: 'req_01KAN5X5N8T2QHV4J7RZ3M6CDE',
  },
  'RateLimit-Policy': {
    description:
      'The limits of the key: requests (or events) in `q`, per window of `w` seconds (draft-ietf-httpapi-ratelimit-headers).',
    schema: { type: 'string' },
    example: '"management";q=60;w=6',
  },
  RateLimit: {
    description:
      'What is left of each limit: `r` requests (or events) now; more in `t` seconds (draft-ietf-httpapi-ratelimit-headers).',
    schema: { type: 'string' },
    example: '"management";r=59;t=1',
  },
  'Retry-After': {
    description: 'Seconds to wait before the next request (RFC 9110).',
    schema: { type: 'integer', minimum: 1 },
    example: 3,
  },
  'WWW-Authenticate': {
    description: 'Why the key was not accepted (RFC 6750).',
    schema: { type: 'string' },
    example: 'Bearer realm="appflow", error="invalid_token", error_description="The API key expired"',
  },
  'Appflow-Key-Expires': {
    description: 'When the secret that was sent expires, if it does: the key expires, or it was rotated.',
    schema: { type: 'string', format: 'date-time' },
    example: '2026-11-29T10:00:00.000Z',
  },
  ETag: {
    description: 'The version of the key. Send it as `If-Match` with a `PATCH`.',
    schema: { type: 'string' },
    example: '"Zk1sZb3Tn0qk6M8w"',
  },
} as const;

/** The name of a header in `RESPONSE_HEADERS`. */
export type ResponseHeader = keyof typeof RESPONSE_HEADERS;

/** Returns references to these headers. */
export function headerRefs(names: readonly ResponseHeader[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
