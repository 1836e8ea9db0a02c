import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { ERRORS } from '../../src/api/error-codes.ts';
import { VERSION } from '../../src/config/version.ts';
import { describeApi } from '../../src/http/openapi.ts';
import { ROUTES } from '../../src/routes.ts';
import { GUARDED, nameOf } from '../support/route-request.ts';

// Serialized and parsed, as clients see it: undefined properties disappear.
const document = JSON.parse(JSON.stringify(describeApi(ROUTES, VERSION)));

const operationOf = (route: (typeof ROUTES)[number]) =>
  document.paths[route.path][route.method.toLowerCase()];

it('generates a valid OpenAPI 3.1 document', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 2));
  assert.equal(document.openapi, '3.1.0');
  assert.equal(document.info.version, VERSION);
});

it('documents every route and nothing else', () => {
  const described = Object.entries<object>(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(described.sort(), ROUTES.map(nameOf).sort());
});

for (const route of ROUTES) {
  it(`documents the scope, limit, parameters, body and response of ${nameOf(route)}`, () => {
    const operation = operationOf(route);
    const isPublic = route.access === 'public';
    assert.equal(operation['x-appflow-scope'], isPublic ? undefined : route.access);
    assert.equal(operation['x-appflow-limit'], isPublic ? undefined : route.limit);
    assert.deepEqual(operation.security, isPublic ? [] : [{ apiKey: [] }]);
    const type = route.answer.contentType ?? 'application/json';
    assert.ok(operation.responses[route.answer.status].content[type].schema);
    assert.ok(operation.responses.default.content['application/problem+json'].schema.$ref);
    assert.equal(operation.requestBody !== undefined, route.body !== undefined);
    const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const parameters: { name: string; in: string; required: boolean }[] = operation.parameters;
    const pathParameters = parameters.filter((parameter) => parameter.in === 'path');
    assert.deepEqual(pathParameters.map(({ name }) => name).sort(), inPath.sort());
    assert.ok(pathParameters.every(({ required }) => required));
    const queryNames = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    assert.deepEqual(queryNames.sort(), Object.keys(route.query.properties).sort());
  });
}

it('gives every operation a unique id', () => {
  const ids = ROUTES.map((route) => operationOf(route).operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[a-z][a-z0-9_]*[a-z0-9]$/);
});

it('lists every error code', () => {
  assert.deepEqual(document.components.schemas.Problem.properties.code.enum, Object.keys(ERRORS));
});

it('includes an example for every request body', () => {
  for (const route of GUARDED.filter(({ body }) => body)) {
    assert.ok(operationOf(route).requestBody.content['application/json'].example, nameOf(route));
  }
});

it('contains no schema keywords without a meaning', () => {
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      assert.ok(!name.startsWith('~') && name !== '$id', `${path}.${name} is the schema library's own`);
      if (name === 'allOf') assert.notEqual((inner as unknown[]).length, 1, `${path}.${name}`);
      walk(inner, `${path}.${name}`);
    }
  };
  walk(document, '$');
});

type Schema = Record<string, unknown>;

/** Yields a schema and all schemas inside it, each with its path. */
function* walk(schema: Schema, path: string): Generator<[string, Schema]> {
  yield [path, schema];
  const { properties = {}, anyOf = [], items, additionalProperties } = schema;
  const inner: [string, unknown][] = [
    ...Object.entries(properties as object),
    ...(anyOf as object[]).map((one, index): [string, unknown] => [`anyOf.${index}`, one]),
    ['items', items],
    ['*', additionalProperties],
  ];
  for (const [name, value] of inner) {
    if (typeof value === 'object' && value !== null) yield* walk(value as Schema, `${path}.${name}`);
  }
}

const schemas = ROUTES.flatMap((route) => {
  const { responses, requestBody } = operationOf(route);
  const type = route.answer.contentType ?? 'application/json';
  const answer = [...walk(responses[route.answer.status].content[type].schema, nameOf(route))];
  const body = requestBody?.content['application/json'].schema;
  return body ? [...answer, ...walk(body, `${nameOf(route)} body`)] : answer;
});

it('gives every enum a type', () => {
  for (const [path, schema] of schemas) {
    if ('enum' in schema) assert.equal(schema.type, 'string', path);
    assert.equal(schema.patternProperties, undefined, path);
  }
});

it('leaves only free-form values without a type', () => {
  const untyped = schemas.filter(([, schema]) => !['type', 'anyOf', '$ref'].some((name) => name in schema));
  // Events are validated one by one, event properties are any JSON, and this document describes itself.
  assert.deepEqual(
    untyped.map(([path]) => path),
    [
      'POST /v1/events body.events.items',
      'GET /v1/events.data.items.properties.*',
      'GET /v1/events/stream.properties.*',
      'GET /v1/audit-log.data.items.diff.*.anyOf.0.items',
      'GET /v1/audit-log.data.items.diff.*.anyOf.1.added.items',
      'GET /v1/audit-log.data.items.diff.*.anyOf.1.removed.items',
      'GET /openapi.json.*',
    ],
  );
});
