import type { Route } from '../../api/route.ts';
import { operationOf } from './operation.ts';
import { PROBLEM_SCHEMA } from './problem-schema.ts';
import { RESPONSE_HEADERS } from './response-headers.ts';
import { TAGS } from './tags.ts';
import { type Components, toOpenApiSchema } from './to-openapi-schema.ts';

const DESCRIPTION = `Collect events from your apps and query their metrics.

Every request needs an API key in the header \`Authorization: Bearer <key>\`. Errors are \`application/problem+json\` (RFC 9457);
their \`code\` never changes. A request over the rate limit gets 429 with \`Retry-After\`. Every response has an \`X-Request-Id\`.

Responses may gain new fields, and \`code\` new values: ignore any you don't recognize.`;

/** Returns the OpenAPI 3.1 description of these routes. */
export function describeApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const components: Components = new Map();
  toOpenApiSchema(PROBLEM_SCHEMA, components);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const operation = operationOf(route, components);
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Appflow API',
      version,
      summary: 'Collect events from apps and query their metrics.',
      description: DESCRIPTION,
      contact: { name: 'The operator of this server' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This server' }],
    security: [{ apiKey: [] }],
    tags: TAGS,
    paths,
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'sk_af1_…, ck_af1_… or ro_af1_…',
          description: 'An API key. `x-appflow-scope` is the scope that an operation requires.',
        },
      },
      headers: RESPONSE_HEADERS,
      schemas: Object.fromEntries([...components].sort(([one], [other]) => (one < other ? -1 : 1))),
    },
  };
}
