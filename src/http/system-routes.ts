import { Type } from 'typebox';
import { defineRoute, type Route } from '../api/route.ts';
import { closedObject } from '../lib/schema.ts';
import { renderErrorDocs } from './error-docs.ts';
import type { ReadinessServices } from './readiness.ts';
import { assessReadiness } from './readiness.ts';

const health = defineRoute({
  method: 'GET',
  path: '/healthz',
  summary: 'Tell that the process runs',
  access: 'public',
  limit: 'management',
  answer: { status: 200, schema: closedObject({ status: Type.Literal('ok') }) },
  handle: () => ({ status: 'ok' as const }),
});

const ready = defineRoute({
  method: 'GET',
  path: '/readyz',
  summary: 'Tell whether everything the server needs is at hand',
  access: 'public',
  limit: 'management',
  answer: {
    status: 200,
    schema: closedObject({
      status: Type.Union([Type.Literal('ok'), Type.Literal('degraded')]),
      warnings: Type.Array(Type.String()),
    }),
  },
  handle: (services: ReadinessServices) => assessReadiness(services),
});

const errorDocs = defineRoute({
  method: 'GET',
  path: '/docs/errors',
  summary: 'Explain every error code',
  access: 'public',
  limit: 'management',
  answer: {
    status: 200,
    schema: Type.String(),
    contentType: 'text/markdown; charset=utf-8',
    isConstant: true,
  },
  handle: () => renderErrorDocs(),
});

/** Returns the routes that need no key. `describe` gives the OpenAPI document of all routes, these included. */
export function systemRoutes(describe: () => Record<string, unknown>): Route<ReadinessServices>[] {
  const openapi = defineRoute({
    method: 'GET',
    path: '/openapi.json',
    summary: 'Describe the API (OpenAPI 3.1)',
    access: 'public',
    limit: 'management',
    answer: { status: 200, schema: Type.Record(Type.String(), Type.Unknown()), isConstant: true },
    // Created once, on the first request: by then the list of routes is complete.
    handle: () => describe(),
  });
  return [health, ready, errorDocs, openapi];
}
