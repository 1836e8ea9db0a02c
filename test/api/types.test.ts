import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Type } from 'typebox';
import { defineRoute, type Route } from '../../src/api/route.ts';
import { exportAs } from '../../src/api/streamed.ts';
import type { Directory } from '../../src/directory/directory.ts';
import type { Services } from '../../src/http/pipeline/services.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { closedObject } from '../../src/lib/schema.ts';

// tsc is the test: an unused @ts-expect-error is itself an error.
const answer = { status: 200, schema: closedObject({ ok: Type.Boolean() }) } as const;
const plain = { method: 'GET', path: '/v1/x', summary: 'X', limit: 'management', answer } as const;
const handle = () => ({ ok: true });

it('does not compile a route without `access`', () => {
  // @ts-expect-error access is missing
  const route = defineRoute({ ...plain, handle });
  assert.equal(route.access, undefined);
});

it('does not compile a route with an unknown scope', () => {
  // @ts-expect-error the scope does not exist
  assert.ok(defineRoute({ ...plain, access: 'events:delete', handle }));
});

it('does not compile a route without a rate-limit category', () => {
  const { limit: _limit, ...rest } = plain;
  // @ts-expect-error limit is missing
  assert.ok(defineRoute({ ...rest, access: 'apps:read', handle }));
});

it('does not compile a handler that returns something other than its schema', () => {
  // @ts-expect-error ok must be a boolean
  assert.ok(defineRoute({ ...plain, access: 'apps:read', handle: () => ({ ok: 'yes' }) }));
});

it('does not compile a public handler that reads the caller', () => {
  assert.ok(
    defineRoute({
      ...plain,
      access: 'public',
      // @ts-expect-error public routes have no caller
      handle: (_services, { caller }) => ({ ok: caller.key.disabled }),
    }),
  );
});

it('does not compile a handler that reads a parameter missing from its schema', () => {
  assert.ok(
    defineRoute({
      ...plain,
      access: 'apps:read',
      query: closedObject({ days: Type.Integer() }),
      // @ts-expect-error the parameter is called days
      handle: (_services, { query }) => ({ ok: query.day > 0 }),
    }),
  );
});

it('does not compile a streaming route outside a project, because nothing would end its stream', () => {
  const streams = () => exportAs('application/x-ndjson', (async function* () {})(), null);
  for (const access of ['public', 'anonymous', 'signed_in'] as const) {
    // @ts-expect-error only routes that require a permission in a project may stream
    assert.ok(defineRoute({ ...plain, access, handle: streams }));
  }
  assert.ok(defineRoute({ ...plain, access: 'apps:read', handle: streams }));
});

const clocked = defineRoute({
  ...plain,
  access: 'apps:read',
  handle: ({ clock }: { clock: Clock }) => ({ ok: clock.now() > 0 }),
});

it('does not compile a handler that uses a service it does not declare', () => {
  assert.ok(
    defineRoute({
      ...plain,
      access: 'apps:read',
      // @ts-expect-error only the clock is declared
      handle: ({ clock, directory }: { clock: Clock }) => ({ ok: clock.now() > directory.ageMs() }),
    }),
  );
  assert.ok(
    defineRoute({
      ...plain,
      access: 'apps:read',
      // @ts-expect-error without an annotation, no services are available
      handle: (services) => ({ ok: services.clock.now() > 0 }),
    }),
  );
});

it('does not compile a list with a route that needs a missing service', () => {
  const complete: readonly Route<Services>[] = [clocked];
  const anyRoutes: readonly Route[] = complete;
  // @ts-expect-error the clock is missing
  const lacking: readonly Route<Omit<Services, 'clock'>>[] = [clocked];
  assert.deepEqual(lacking, anyRoutes);
});

it('does not compile a step-up rule that needs more services than its handler', () => {
  const body = closedObject({ id: Type.String() });
  assert.ok(
    defineRoute({
      ...plain,
      access: 'apps:write',
      body,
      // @ts-expect-error the handler declares only the clock
      stepUp: (input, services: { directory: Directory }) =>
        services.directory.findKey(input.body.id) !== undefined,
      handle: ({ clock }: { clock: Clock }) => ({ ok: clock.now() > 0 }),
    }),
  );
});

it('infers the caller, app, parameters, query and body next to annotated services', () => {
  type Needed = { directory: Directory; clock: Clock };
  const route = defineRoute({
    ...plain,
    path: '/v1/x/{id}',
    access: 'keys:write',
    params: closedObject({ id: Type.String() }),
    query: closedObject({ days: Type.Integer() }),
    body: closedObject({ name: Type.String() }),
    stepUp: ({ params }, { directory }: Needed) => directory.findKey(params.id)?.type === 'server',
    handle(
      { directory, clock }: { directory: Directory; clock: Clock },
      { caller, app, params, query, body },
    ) {
      const texts: string[] = [params.id, body.name, caller.project.id, app?.id ?? ''];
      const numbers: number[] = [query.days, clock.now(), directory.ageMs()];
      return { ok: texts.length === numbers.length };
    },
  });
  const served: Route<Needed> = route;
  assert.equal(served.path, '/v1/x/{id}');
});

it('compiles a complete route', () => {
  const route = defineRoute({ ...plain, access: 'apps:read', handle });
  assert.equal(route.access, 'apps:read');
  assert.equal(route.cors, 'none');
});
