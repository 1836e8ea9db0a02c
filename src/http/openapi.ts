import type { TObject } from 'typebox';
import { ERRORS } from '../api/error-codes.ts';
import type { Route } from '../api/route.ts';

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(ERRORS) },
    detail: { type: 'string' },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
} as const;

/**
 * Returns the schema in the form that client generators understand best. The schema library leaves out the type of an
 * enum, and describes an object with arbitrary names by a pattern that matches every name.
 */
function toOpenApiSchema(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_name, value) => {
    if (Array.isArray(value?.enum)) return { type: 'string', ...value };
    if (!value?.patternProperties?.[ANY_NAME]) return value;
    const { patternProperties, ...rest } = value;
    return { ...rest, additionalProperties: patternProperties[ANY_NAME] };
  });
}

const ANY_NAME = '^.*$';

const tagOf = (path: string) => (path.startsWith('/v1/') ? (path.split('/')[2] ?? 'system') : 'system');

function parametersOf(
  place: 'path' | 'query',
  schema: TObject,
  example: Record<string, unknown> | undefined,
) {
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (schema.required ?? []).includes(name),
    schema: toOpenApiSchema(property),
    ...(example?.[name] === undefined ? {} : { example: example[name] }),
  }));
}

function operationOf(route: Route) {
  const { answer, body, example } = route;
  const isPublic = route.access === 'public';
  const contentType = answer.contentType ?? 'application/json';
  return {
    operationId: `${route.method.toLowerCase()}_${route.path.replace('/v1/', '').replaceAll(/\W+/g, '_')}`
      .replaceAll(/_+/g, '_')
      .replace(/_$/, ''),
    summary: route.summary,
    tags: [tagOf(route.path)],
    security: isPublic ? [] : [{ apiKey: [] }],
    ...(isPublic ? {} : { 'x-appflow-scope': route.access, 'x-appflow-limit': route.limit }),
    parameters: [
      ...parametersOf('path', route.params, example.params as Record<string, unknown> | undefined),
      ...parametersOf('query', route.query, example.query as Record<string, unknown> | undefined),
      ...route.requestHeaders.map((name) => ({
        name,
        in: 'header',
        required: false,
        schema: { type: 'string' },
      })),
    ],
    ...(body
      ? {
          requestBody: {
            required: !route.isBodyOptional,
            content: { 'application/json': { schema: toOpenApiSchema(body), example: example.body } },
          },
        }
      : {}),
    responses: {
      ...(answer.mayBeEmpty ? { 204: { description: 'Success, with nothing to tell' } } : {}),
      [answer.status]: {
        description: 'Success',
        content: {
          [contentType]: { schema: toOpenApiSchema(answer.schema) },
          ...Object.fromEntries((answer.exports ?? []).map((type) => [type, { schema: { type: 'string' } }])),
        },
      },
      default: {
        description: 'Any failure (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** Returns the OpenAPI 3.1 description of these routes. */
export function describeApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Appflow', version, description: 'Every request carries Authorization: Bearer <key>.' },
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  };
}
