import { Type } from 'typebox';
import { defineRoute, type Route } from '../api/route.ts';
import { closedObject, component } from '../lib/schema.ts';
import type { ReadinessServices } from './readiness.ts';
import { assessReadiness } from './readiness.ts';

const health = defineRoute({
  method: 'GET',
  path: '/healthz',
  operationId: 'checkHealth',
  summary: 'Liveness check',
  description: 'Answers while the process runs. Use `/readyz` to see whether everything works.',
  access: 'public',
  limit: 'management',
  answer: { status: 200, schema: component('Health', closedObject({ status: Type.Literal('ok') })) },
  handle: () => ({ status: 'ok' as const }),
});

const ready = defineRoute({
  method: 'GET',
  path: '/readyz',
  operationId: 'checkReadiness',
  summary: 'Readiness check',
  description:
    'Returns `degraded` if something does not work, and a sentence for each problem. The status is always 200: a degraded server still answers.',
  access: 'public',
  limit: 'management',
  answer: {
    status: 200,
    schema: component(
      'Readiness',
      closedObject({
        status: Type.Enum(['ok', 'degraded'], { description: 'Whether everything works.' }),
        warnings: Type.Array(Type.String(), { description: 'What does not work, or is misconfigured.' }),
      }),
    ),
  },
  handle: (services: ReadinessServices) => assessReadiness(services),
});

/** Returns the routes that need no key. `describe` gives the OpenAPI document of all routes, these included. */
export function systemRoutes(describe: () => Record<string, unknown>): Route<ReadinessServices>[] {
  const openapi = defineRoute({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    summary: 'Get the OpenAPI document',
    description: 'This document: OpenAPI 3.1, for client generators and API explorers.',
    access: 'public',
    limit: 'management',
    answer: { status: 200, schema: Type.Record(Type.String(), Type.Unknown()), isConstant: true },
    // Created once, on the first request: by then the list of routes is complete.
    handle: () => describe(),
  });
  return [health, ready, openapi];
}
