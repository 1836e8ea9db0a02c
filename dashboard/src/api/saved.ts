import { type QueryClient, queryOptions } from '@tanstack/react-query';
import type { Annotation, NewAnnotation, NewView, View } from './answers.ts';
import { type Attempt, idempotencyHeader } from './attempts.ts';
import { call } from './http.ts';
import { projectKey } from './project.ts';

const annotationsKey = (projectId: string) => [...projectKey(projectId), 'annotations'] as const;
const viewsKey = (projectId: string) => [...projectKey(projectId), 'views'] as const;

/** The annotations of the project's charts. */
export const annotationsQuery = (projectId: string) =>
  queryOptions({
    queryKey: annotationsKey(projectId),
    queryFn: async ({ signal }): Promise<Annotation[]> =>
      (
        await call('GET /app/v1/projects/{project_id}/annotations', {
          params: { project_id: projectId },
          signal,
        })
      ).data,
    staleTime: 60_000,
  });

/** Loads the annotations again. */
export const refreshAnnotations = (client: QueryClient, projectId: string) =>
  client.invalidateQueries({ queryKey: annotationsKey(projectId) });

export const createAnnotation = (projectId: string, { body, idempotencyKey }: Attempt<NewAnnotation>) =>
  call('POST /app/v1/projects/{project_id}/annotations', {
    params: { project_id: projectId },
    body,
    headers: idempotencyHeader(idempotencyKey),
  });

export const deleteAnnotation = (projectId: string, id: string) =>
  call('DELETE /app/v1/projects/{project_id}/annotations/{id}', { params: { project_id: projectId, id } });

/** The project's saved views, of all pages. */
export const viewsQuery = (projectId: string) =>
  queryOptions({
    queryKey: viewsKey(projectId),
    queryFn: async ({ signal }): Promise<View[]> =>
      (await call('GET /app/v1/projects/{project_id}/views', { params: { project_id: projectId }, signal }))
        .data,
    staleTime: 60_000,
  });

/** Loads the saved views again. */
export const refreshViews = (client: QueryClient, projectId: string) =>
  client.invalidateQueries({ queryKey: viewsKey(projectId) });

export const createView = (projectId: string, { body, idempotencyKey }: Attempt<NewView>) =>
  call('POST /app/v1/projects/{project_id}/views', {
    params: { project_id: projectId },
    body,
    headers: idempotencyHeader(idempotencyKey),
  });

export const updateView = (projectId: string, id: string, body: { name?: string; search?: string }) =>
  call('PATCH /app/v1/projects/{project_id}/views/{id}', { params: { project_id: projectId, id }, body });

export const deleteView = (projectId: string, id: string) =>
  call('DELETE /app/v1/projects/{project_id}/views/{id}', { params: { project_id: projectId, id } });
