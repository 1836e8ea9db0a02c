import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Type } from 'typebox';
import { defineRoute, type Route } from '../../src/api/route.ts';
import { exportAs } from '../../src/api/streamed.ts';
import type { Directory } from '../../src/directory/directory.ts';
import type { Services } from '../../src/http/pipeline/services.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { closedObject } from '../../src/lib/schema.ts';

// The proof is that tsc passes: an @ts-expect-error that expects nothing is an error itself.
const answer = { status: 200, schema: closedObject({ ok: Type.Boolean() }) } as const;
const plain = { method: 'GET', path: '/v1/x', summary: 'X', limit: 'management', answer } as const;
const handle = () => ({ ok: true });

it('does not compile without `access`', () => {
  // @ts-expect-error access is missing
  const route = defineRoute({ ...plain, handle });
  assert.equal(route.access, undefined);
});

it('does not compile with a scope that does not exist', () => {
  // @ts-expect-error no such scope
  assert.ok(defineRoute({ ...plain, access: 'events:delete', handle }));
});

it('does not compile without a rate-limit category', () => {
  const { limit: _limit, ...rest } = plain;
  // @ts-expect-error limit is missing
  assert.ok(defineRoute({ ...rest, access: 'apps:read', handle }));
});

it('does not compile when a handler answers something else than its schema', () => {
  // @ts-expect-error ok is a boolean
  assert.ok(defineRoute({ ...plain, access: 'apps:read', handle: () => ({ ok: 'yes' }) }));
});

it('does not compile when a public handler looks at the caller', () => {
  assert.ok(
    defineRoute({
      ...plain,
      access: 'public',
      // @ts-expect-error there is no caller
      handle: (_services, { caller }) => ({ ok: caller.key.disabled }),
    }),
  );
});

it('does not compile when a handler reads a parameter that its schema does not have', () => {
  assert.ok(
    defineRoute({
      ...plain,
      access: 'apps:read',
      query: closedObject({ days: Type.Integer() }),
      // @ts-expect-error day is days
      handle: (_services, { query }) => ({ ok: query.day > 0 }),
    }),
  );
});

it('does not compile when a route outside a project streams: nothing would cut it off', () => {
  const streams = () => exportAs('application/x-ndjson', (async function* () {})(), null);
  for (const access of ['public', 'anonymous', 'signed_in'] as const) {
    // @ts-expect-error only what asks for something in a project may stream
    assert.ok(defineRoute({ ...plain, access, handle: streams }));
  }
  assert.ok(defineRoute({ ...plain, access: 'apps:read', handle: streams }));
});

const clocked = defineRoute({
  ...plain,
  access: 'apps:read',
  handle: ({ clock }: { clock: Clock }) => ({ ok: clock.now() > 0 }),
});

it('does not compile when a handler takes a service that it does not ask for', () => {
  assert.ok(
    defineRoute({
      ...plain,
      access: 'apps:read',
      // @ts-expect-error only the clock is asked for
      handle: ({ clock, directory }: { clock: Clock }) => ({ ok: clock.now() > directory.ageMs() }),
    }),
  );
  assert.ok(
    defineRoute({
      ...plain,
      access: 'apps:read',
      // @ts-expect-error without an annotation, nothing is asked for
      handle: (services) => ({ ok: services.clock.now() > 0 }),
    }),
  );
});

it('does not compile when a list holds a route for which the server lacks a service', () => {
  const complete: readonly Route<Services>[] = [clocked];
  const anyRoutes: readonly Route[] = complete;
  // @ts-expect-error there is no clock
  const lacking: readonly Route<Omit<Services, 'clock'>>[] = [clocked];
  assert.deepEqual(lacking, anyRoutes);
});

it('does not compile when a step-up rule asks for more than its handler', () => {
  const body = closedObject({ id: Type.String() });
  assert.ok(
    defineRoute({
      ...plain,
      access: 'apps:write',
      body,
      // @ts-expect-error the handler asks for the clock only
      stepUp: (input, services: { directory: Directory }) =>
        services.directory.findKey(input.body.id) !== undefined,
      handle: ({ clock }: { clock: Clock }) => ({ ok: clock.now() > 0 }),
    }),
  );
});

it('infers caller, app, parameters, query and body beside annotated services', () => {
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

it('compiles with all of it', () => {
  const route = defineRoute({ ...plain, access: 'apps:read', handle });
  assert.equal(route.access, 'apps:read');
  assert.equal(route.cors, 'none');
});
