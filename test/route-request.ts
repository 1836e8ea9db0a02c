import type { Route } from '../src/http/route.ts';
import { ROUTES } from '../src/routes.ts';
import type { CallOptions } from './harness.ts';

/** Every route that needs a key: what a new route joins by existing. */
export const GUARDED = ROUTES.filter((route) => route.access !== 'public');

/** The same without the one that kills the key it is called with. */
export const HARMLESS = GUARDED.filter((route) => route.path !== '/v1/api-keys/self/revoke');

export const nameOf = (route: Route) => `${route.method} ${route.path}`;

/** What to change in the example of a route: path parameters, query parameters and members of the body. */
export type Changes = {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
};

/** Returns path and options of the request that the route gives as its example. */
export function requestOf(route: Route, changes: Changes = {}): [string, string, CallOptions] {
  const params: Record<string, unknown> = { ...route.example.params, ...changes.params };
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(String(params[name] ?? 'x')),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...route.example.query, ...changes.query })) {
    for (const one of [value].flat()) query.append(name, String(one));
  }
  const search = query.size > 0 ? `?${query}` : '';
  const body = route.body ? { body: { ...(route.example.body as object), ...changes.body } } : {};
  return [route.method, path + search, body];
}

/** Returns the changes that make the route's request name this app. */
export function naming(route: Route, appId: string): Changes {
  return route.app?.from === 'query' ? { query: { app_id: appId } } : { body: { app_id: appId } };
}

/** The id in a route's path that names an app or a key, by its example. */
export function idParamOf(route: Route): { name: string; kind: 'app' | 'key' } | undefined {
  for (const [name, value] of Object.entries(route.example.params ?? {})) {
    const kind = /^(app|key)_/.exec(String(value))?.[1];
    if (kind === 'app' || kind === 'key') return { name, kind };
  }
  return undefined;
}
