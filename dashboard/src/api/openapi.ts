import { queryOptions } from '@tanstack/react-query';
import { request } from './http.ts';

/** The part of an OpenAPI document that the reference shows. */
export type ApiDescription = {
  paths: Record<string, Record<string, { summary?: string; 'x-appflow-scope'?: string }>>;
};

/** This server's description of its API. A public route, so it is not among the endpoints of the dashboard. */
export const openapiQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: async ({ signal }) => (await request('GET', '/openapi.json', { signal })) as ApiDescription,
  staleTime: Number.POSITIVE_INFINITY,
});
