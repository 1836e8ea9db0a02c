import { type QueryClient, queryOptions } from '@tanstack/react-query';
import type { Funnel, FunnelChange, NewFunnel } from './answers.ts';
import { type Attempt, idempotencyHeader } from './attempts.ts';
import { call } from './http.ts';
import { projectKey } from './project.ts';

const funnelsKey = (projectId: string) => [...projectKey(projectId), 'funnels'] as const;

/** The project's saved funnels. */
export const funnelsQuery = (projectId: string) =>
  queryOptions({
    queryKey: funnelsKey(projectId),
    queryFn: async ({ signal }): Promise<Funnel[]> =>
      (await call('GET /app/v1/projects/{project_id}/funnels', { params: { project_id: projectId }, signal }))
        .data,
    staleTime: 60_000,
  });

/** Loads the saved funnels again. */
export const refreshFunnels = (client: QueryClient, projectId: string) =>
  client.invalidateQueries({ queryKey: funnelsKey(projectId) });

export const createFunnel = (projectId: string, { body, idempotencyKey }: Attempt<NewFunnel>) =>
  call('POST /app/v1/projects/{project_id}/funnels', {
    params: { project_id: projectId },
    body,
    headers: idempotencyHeader(idempotencyKey),
  });

export const updateFunnel = (projectId: string, id: string, body: FunnelChange) =>
  call('PATCH /app/v1/projects/{project_id}/funnels/{id}', { params: { project_id: projectId, id }, body });

export const deleteFunnel = (projectId: string, id: string) =>
  call('DELETE /app/v1/projects/{project_id}/funnels/{id}', { params: { project_id: projectId, id } });
