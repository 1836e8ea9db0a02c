/** The part of an OpenAPI document that the reference shows. */
export type ApiDescription = {
  paths: Record<string, Record<string, { summary?: string; 'x-appflow-scope'?: string }>>;
};

export type Operation = { method: string; path: string; summary: string; scope: string };

/** Returns the routes under `/v1` that a key can call, in the order in which the server describes them. */
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
