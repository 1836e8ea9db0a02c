import { Type } from 'typebox';
import { renderErrorDocs } from './error-docs.ts';
import { closedObject, defineRoute, type Route } from './route.ts';

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
  async handle({ warehouse, log }) {
    const warnings: string[] = [];
    await warehouse.query('SELECT 1').catch((error: unknown) => {
      log.warn({ err: error }, 'the event store does not answer');
      warnings.push('The event store does not answer: events are refused with 503 until it does.');
    });
    const { rows, rowsMax } = warehouse.queue();
    if (rows > rowsMax * QUEUE_WARNING_SHARE) warnings.push('The write queue is nearly full.');
    return { status: warnings.length === 0 ? ('ok' as const) : ('degraded' as const), warnings };
  },
});

const QUEUE_WARNING_SHARE = 0.8;

const errorDocs = defineRoute({
  method: 'GET',
  path: '/docs/errors',
  summary: 'Explain every error code',
  access: 'public',
  limit: 'management',
  answer: { status: 200, schema: Type.String(), contentType: 'text/markdown; charset=utf-8' },
  handle: () => renderErrorDocs(),
});

/** Returns the routes that need no key. `describe` gives the OpenAPI document of all routes, these included. */
export function systemRoutes(describe: () => Record<string, unknown>): Route[] {
  const openapi = defineRoute({
    method: 'GET',
    path: '/openapi.json',
    summary: 'Describe the API (OpenAPI 3.1)',
    access: 'public',
    limit: 'management',
    answer: { status: 200, schema: Type.Record(Type.String(), Type.Unknown()) },
    handle: () => describe(),
  });
  return [health, ready, errorDocs, openapi];
}
