import type { Route } from '../../src/api/route.ts';
import { ROUTES } from '../../src/routes.ts';
import type { CallOptions } from './harness.ts';

/**
 * Every route that requires a key in the Authorization header. New routes are included automatically. Those of other
 * vendors' SDKs have their own tests in test/sdk.
 */
export const GUARDED = ROUTES.filter((route) => route.access !== 'public' && !route.dialect);

/** The same without the route that revokes the key it is called with. */
export const HARMLESS = GUARDED.filter((route) => route.path !== '/v1/api-keys/self/revoke');

export const nameOf = (route: Route) => `${route.method} ${route.path}`;

/** Changes to a route's example: path parameters, query parameters and properties of the body. */
export type Changes = {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
};

/** Returns the path and options of a route's example request. */
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

/** Returns the changes that make the route's example name this app. */
export function naming(route: Route, appId: string): Changes {
  return route.app?.from === 'query' ? { query: { app_id: appId } } : { body: { app_id: appId } };
}

/** Returns the path parameter that names an app or a key, by its example. */
export function idParamOf(route: Route): { name: string; kind: 'app' | 'key' } | undefined {
  for (const [name, value] of Object.entries(route.example.params ?? {})) {
    const kind = /^(app|key)_/.exec(String(value))?.[1];
    if (kind === 'app' || kind === 'key') return { name, kind };
  }
  return undefined;
}
