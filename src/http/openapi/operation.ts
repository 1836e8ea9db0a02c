import type { TObject } from 'typebox';
import type { RequestHeader, Route } from '../../api/route.ts';
import { responsesOf } from './responses.ts';
import { tagOf } from './tags.ts';
import { type Components, toOpenApiSchema } from './to-openapi-schema.ts';

/** Returns the OpenAPI operation of a route, and adds the components it refers to. */
export function operationOf(route: Route, components: Components): object {
  const { operationId, summary, description = `${summary}.` } = route;
  if (operationId === undefined) throw new Error(`${route.method} ${route.path} has no operationId.`);
  const isPublic = route.access === 'public';
  return {
    operationId,
    summary,
    description,
    tags: [tagOf(route)],
    security: isPublic ? [] : [{ apiKey: [] }],
    ...(isPublic ? {} : { 'x-appflow-scope': route.access, 'x-appflow-limit': route.limit }),
    parameters: [
      ...parametersOf('path', route.params, route.example.params, components),
      ...parametersOf('query', route.query, route.example.query, components),
      ...route.requestHeaders.map(headerParameter),
    ],
    ...requestBodyOf(route, components),
    responses: responsesOf(route, components),
  };
}

function requestBodyOf({ body, rawBody, isBodyOptional, example }: Route, components: Components): object {
  const schema = body ?? rawBody;
  if (!schema) return {};
  const json = {
    schema: toOpenApiSchema(schema, components),
    ...(example.body === undefined ? {} : { example: example.body }),
  };
  return { requestBody: { required: !isBodyOptional, content: { 'application/json': json } } };
}

type Property = { description?: string; deprecated?: boolean };

/** Without deprecated parameters: they still work, but no new client should use them. */
function parametersOf(place: 'path' | 'query', schema: TObject, example: unknown, components: Components) {
  const examples = (example ?? {}) as Record<string, unknown>;
  return Object.entries(schema.properties)
    .filter(([, property]) => !(property as Property).deprecated)
    .map(([name, property]) => {
      const { description, ...rest } = property as Property;
      return {
        name,
        in: place,
        required: place === 'path' || (schema.required ?? []).includes(name),
        description,
        schema: toOpenApiSchema(rest, components),
        ...(examples[name] === undefined ? {} : { example: examples[name] }),
      };
    });
}

const HEADERS: Record<RequestHeader, { description: string; required?: boolean; example?: string }> = {
  'If-Match': {
    description: 'The `etag` that you read: 412 if the key has changed since.',
    example: '"Zk1sZb3Tn0qk6M8w"',
  },
  'Idempotency-Key': {
    description:
      'A unique value, such as a UUID, that makes it safe to repeat the request: for 24 hours, the same value never creates anything twice.',
    example: '8e03978e-40d5-43e8-bc93-6894a57f9324',
  },
  'Last-Event-ID': { description: 'The `id` of the last message received: the stream continues after it.' },
  'Github-Public-Key-Identifier': { description: 'Which key of GitHub signed the body.', required: true },
  'Github-Public-Key-Signature': {
    description: 'The signature of the body: ECDSA on P-256 with SHA-256, DER in base64.',
    required: true,
  },
};

function headerParameter(name: RequestHeader): object {
  const { required = false, ...rest } = HEADERS[name];
  return { name, in: 'header', required, schema: { type: 'string' }, ...rest };
}
