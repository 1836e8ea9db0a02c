import type { ApiDescription } from '../../api/openapi.ts';

export type Operation = { method: string; path: string; summary: string; scope: string };

/** Returns the routes under `/v1` that a key can call, in the server's order. */
export function listOperations({ paths }: ApiDescription): Operation[] {
  return Object.entries(paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { summary = '', 'x-appflow-scope': scope = 'any_key' }]) => ({
        method: method.toUpperCase(),
        path,
        summary,
        scope,
      })),
    );
}
