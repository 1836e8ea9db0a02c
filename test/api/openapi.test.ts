import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Compile } from 'typebox/compile';
import { ERRORS } from '../../src/api/error-codes.ts';
import type { Route } from '../../src/api/route.ts';
import { VERSION } from '../../src/config/version.ts';
import { CONTEXT_KEYS } from '../../src/events/ingest/context.ts';
import { EVENT_KEYS } from '../../src/events/ingest/event.ts';
import { describeApi } from '../../src/http/openapi/describe-api.ts';
import { statusesOfError } from '../../src/http/openapi/responses.ts';
import { DASHBOARD_ROUTES, ROUTES } from '../../src/routes.ts';
import { GUARDED, nameOf } from '../support/route-request.ts';

// Serialized and parsed, as clients see it: undefined properties disappear.
const document = JSON.parse(JSON.stringify(describeApi(ROUTES, VERSION)));

const operationOf = (route: Route) => document.paths[route.path][route.method.toLowerCase()];

const typesOf = ({ answer }: Route) =>
  (answer.exports ?? [answer.contentType ?? 'application/json']).map((type) => type.split(';')[0] ?? '');

/** Yields each object in the document with its path. */
function* walk(value: unknown, path = '$'): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [name, inner] of Object.entries(value)) yield* walk(inner, `${path}.${name}`);
}

const objects = [...walk(document)];

it('generates a valid OpenAPI 3.1 document', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 2));
  assert.equal(document.openapi, '3.1.0');
  assert.equal(document.info.version, VERSION);
});

it('documents every route and nothing else, in particular none of the dashboard', () => {
  const described = Object.entries<object>(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(described.sort(), ROUTES.map(nameOf).sort());
  assert.ok(!JSON.stringify(document.paths).includes('/app/v1'));
});

// A server compiles them when they are first used.
it('has no route whose schemas do not compile', () => {
  for (const { params, query, body, answer } of [...ROUTES, ...DASHBOARD_ROUTES])
    for (const schema of [params, query, body, answer.schema]) if (schema) assert.ok(Compile(schema));
});

for (const route of ROUTES) {
  describe(nameOf(route), () => {
    const operation = operationOf(route);
    const parameters: { name: string; in: string; required: boolean; description?: string }[] =
      operation.parameters;
    const namesIn = (place: string) => parameters.filter((one) => one.in === place).map(({ name }) => name);

    it('has its scope, limit and security', () => {
      const isPublic = route.access === 'public';
      assert.equal(operation['x-appflow-scope'], isPublic ? undefined : route.access);
      assert.equal(operation['x-appflow-limit'], isPublic ? undefined : route.limit);
      assert.deepEqual(operation.security, isPublic ? [] : [{ apiKey: [] }]);
    });

    it('has every parameter that is not deprecated, described', () => {
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      assert.deepEqual(namesIn('path').sort(), inPath.sort());
      assert.ok(parameters.filter((one) => one.in === 'path').every(({ required }) => required));
      const properties = Object.entries<{ deprecated?: boolean }>(route.query.properties);
      const current = properties.filter(([, { deprecated }]) => !deprecated).map(([name]) => name);
      assert.deepEqual(namesIn('query').sort(), current.sort());
      assert.deepEqual(namesIn('header'), [...route.requestHeaders]);
      for (const { name, description } of parameters) assert.ok(description, name);
    });

    it('has a body with an example, if it takes one', () => {
      const isGiven = (route.body ?? route.rawBody) !== undefined;
      assert.equal(operation.requestBody !== undefined, isGiven);
      if (isGiven) assert.ok(operation.requestBody.content['application/json'].example);
    });

    it('has the media types of its answers, and only those', () => {
      const { content } = operation.responses[route.answer.status];
      assert.deepEqual(Object.keys(content), typesOf(route));
      assert.equal(204 in operation.responses, route.answer.mayBeEmpty === true);
    });

    const statuses = Object.keys(operation.responses).filter((status) => Number(status) >= 400);

    it('lists its errors by status, with the codes and where the problem is described', () => {
      const type = route.dialect?.error ? 'application/json' : 'application/problem+json';
      for (const status of statuses) {
        const { description, content, headers } = operation.responses[status];
        const codes = [...description.matchAll(/`(\w+)`/g)].map(([, code]) => code as keyof typeof ERRORS);
        assert.ok(codes.length > 0);
        for (const code of codes) assert.ok(statusesOfError(route, code).includes(Number(status)), code);
        assert.ok(content[type].schema.$ref);
        assert.ok(headers['X-Request-Id']);
        assert.equal('Retry-After' in headers, status === '429' || status === '503');
      }
    });

    // The dialects of other vendors' SDKs have statuses of their own: test/sdk/states.test.ts.
    if (!route.dialect) {
      it('has the errors of every request, and those of a credential', () => {
        assert.ok(statuses.includes('400') && statuses.includes('500'));
        assert.equal(
          statuses.includes('401') && statuses.includes('429'),
          route.access !== 'public' || route.rawBody !== undefined,
        );
      });
    }
  });
}

describe('the words', () => {
  it('summarizes every route, those of the dashboard included, in at most 60 characters without a period', () => {
    for (const route of [...ROUTES, ...DASHBOARD_ROUTES]) {
      const { summary } = route;
      assert.ok(summary.length <= 60, `${nameOf(route)}: ${summary}`);
      assert.match(summary, /^[A-Z].*[^.]$/, nameOf(route));
    }
  });

  it('describes every operation, and every tag in use', () => {
    const used = new Set<string>();
    for (const route of ROUTES) {
      const { description, tags } = operationOf(route);
      assert.ok(description.length > 20, nameOf(route));
      for (const name of tags) used.add(name);
    }
    assert.deepEqual([...used].sort(), document.tags.map(({ name }: { name: string }) => name).sort());
    for (const { name, description } of document.tags) assert.ok(description.length > 10, name);
  });

  it('describes every entity and each of its fields', () => {
    type Described = { description?: string; $ref?: string; anyOf?: Described[] };
    const isDescribed = ({ description, $ref, anyOf = [] }: Described): boolean =>
      (description ?? $ref) !== undefined || anyOf.some(isDescribed);
    for (const name of ENTITIES) {
      const schema = document.components.schemas[name];
      assert.ok(schema.description, name);
      for (const [field, property] of Object.entries<Described>(schema.properties)) {
        assert.ok(isDescribed(property), `${name}.${field}`);
      }
    }
  });

  it('contains no text that Markdown would swallow as HTML', () => {
    for (const [path, { description, summary }] of objects) {
      for (const text of [description, summary].filter((one) => typeof one === 'string')) {
        assert.doesNotMatch(text.replaceAll(/`[^`]*`/g, ''), /[<>]/, path);
      }
    }
  });

  it('gives every operation an ID that is a good name of a method', () => {
    const ids = ROUTES.map((route) => operationOf(route).operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z]+([A-Z][a-z]+)+$/);
  });
});

const ENTITIES = [
  'ApiKey',
  'App',
  'AuditEntry',
  'Event',
  'FieldError',
  'NewEvent',
  'Problem',
  'Project',
  'RejectedEvent',
];

describe('the components', () => {
  const { schemas } = document.components;

  it('names a schema once: no entity is repeated where it is used', () => {
    for (const name of ENTITIES) assert.ok(schemas[name], name);
    const copies = objects.filter(
      ([path, { properties }]) =>
        properties !== undefined &&
        'event_name' in (properties as object) &&
        'app_user_id' in (properties as object) &&
        !path.startsWith('$.components'),
    );
    assert.deepEqual(copies, []);
  });

  it('describes an event that is sent, with every field that the server knows', () => {
    const { items } = schemas.EventBatch.properties.events;
    assert.equal(items.$ref, '#/components/schemas/NewEvent');
    assert.deepEqual(Object.keys(schemas.NewEvent.properties).sort(), [...EVENT_KEYS].sort());
    assert.deepEqual(Object.keys(schemas.EventContext.properties).sort(), [...CONTEXT_KEYS].sort());
    assert.deepEqual(schemas.NewEvent.required, ['event_name', 'app_user_id']);
  });

  it('has an example of each entity that fits its schema', () => {
    let examples = 0;
    for (const [path, { examples: given = [], ...schema }] of walk(schemas)) {
      for (const example of given as unknown[]) {
        examples += 1;
        const { defs, resolved } = resolve(schema);
        const validator = Compile({ ...resolved, $defs: defs } as never);
        assert.ok(validator.Check(example), `${path}: ${JSON.stringify(validator.Errors(example))}`);
      }
    }
    assert.ok(examples >= 8);
  });

  /** Returns the schema with its references to components replaced by the components. */
  function resolve(schema: object) {
    const resolved = JSON.parse(JSON.stringify(schema), (_name, value) =>
      typeof value?.$ref === 'string' ? resolve(schemas[value.$ref.split('/').at(-1)]).resolved : value,
    );
    return { resolved, defs: {} };
  }

  it('lists every error code', () => {
    assert.deepEqual(schemas.Problem.properties.code.enum, Object.keys(ERRORS));
  });
});

it('contains no schema keywords without a meaning', () => {
  for (const [path, object] of objects) {
    for (const [name, inner] of Object.entries(object)) {
      assert.ok(!name.startsWith('~') && name !== '$id', `${path}.${name} is the schema library's own`);
      assert.ok(!/^x-(component|documented-as)$/.test(name), `${path}.${name} is ours`);
      if (name === 'allOf') assert.notEqual((inner as unknown[]).length, 1, `${path}.${name}`);
    }
    assert.equal(object.patternProperties, undefined, path);
    if (Array.isArray(object.enum)) assert.equal(object.type, 'string', path);
  }
});

it('leaves only free-form values without a type', () => {
  // The properties of events are any JSON, as are the values in the audit log, and this document describes itself.
  const untyped = objects.filter(
    ([path, schema]) => isSchema(path) && !['type', 'anyOf', '$ref'].some((name) => name in schema),
  );
  assert.deepEqual(untyped.map(([path]) => path.replace('$.components.schemas.', '')).sort(), [
    '$.paths./openapi.json.get.responses.200.content.application/json.schema.additionalProperties',
    'AuditEntry.properties.diff.additionalProperties.anyOf.0.items',
    'AuditEntry.properties.diff.additionalProperties.anyOf.1.properties.added.items',
    'AuditEntry.properties.diff.additionalProperties.anyOf.1.properties.removed.items',
    'Event.properties.properties.additionalProperties',
    'UserProfile.properties.properties.additionalProperties',
  ]);
});

/** Whether a path in the document is that of a schema. */
const isSchema = (path: string) =>
  /(\.schema|\.items|\.additionalProperties|\.anyOf\.\d+|\.properties\.\w+)$/.test(path) &&
  !path.endsWith('.properties.properties.properties') &&
  !path.includes('example');

it('gives every route that requires a key the same security', () => {
  for (const route of GUARDED) assert.deepEqual(operationOf(route).security, [{ apiKey: [] }], nameOf(route));
});
