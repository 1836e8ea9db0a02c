import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import type { App, AppChange, NewApp } from './answers.ts';
import { type Attempt, idempotencyHeader } from './attempts.ts';
import { call } from './http.ts';
import { projectKey, useProject } from './project.ts';

const APPS_MAX = 200;

const appsKey = (projectId: string) => [...projectKey(projectId), 'apps'] as const;

async function listApps(projectId: string, deleted: boolean, signal: AbortSignal): Promise<App[]> {
  const { data } = await call('GET /app/v1/projects/{project_id}/apps', {
    params: { project_id: projectId },
    query: { limit: APPS_MAX, ...(deleted && { deleted }) },
    signal,
  });
  return data;
}

/** The project's apps, oldest first. */
export const appsQuery = (projectId: string) =>
  queryOptions({
    queryKey: appsKey(projectId),
    queryFn: async ({ signal }) => {
      const apps = await listApps(projectId, false, signal);
      // Ids are time-ordered.
      return apps.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },
    staleTime: 60_000,
  });

/** The project's deleted apps that can still be restored, newest first. */
export const deletedAppsQuery = (projectId: string) =>
  queryOptions({
    queryKey: [...appsKey(projectId), 'deleted'],
    queryFn: ({ signal }) => listApps(projectId, true, signal),
  });

/** Loads the project's apps again, deleted ones included. */
export const refreshApps = (client: QueryClient, projectId: string) =>
  client.invalidateQueries({ queryKey: appsKey(projectId) });

export type CurrentApp = {
  apps: readonly App[];
  /** The app in `?app=`, else the oldest. Undefined while loading, and in a project without apps. */
  app: App | undefined;
  isPending: boolean;
  error: unknown;
  retry: () => void;
};

/** Returns the app with this id, else the oldest; undefined if there are no apps. */
export function findApp(apps: readonly App[], id: string | undefined): App | undefined {
  return apps.find((app) => app.id === id) ?? apps[0];
}

/** Returns the project's apps and the one the page is about. */
export function useCurrentApp(): CurrentApp {
  const { project } = useProject();
  const { app: id } = useSearch({ strict: false });
  const { data: apps = [], isPending, error, refetch } = useQuery(appsQuery(project.id));
  return { apps, app: findApp(apps, id), isPending, error, retry: () => void refetch() };
}

export const createApp = (projectId: string, { body, idempotencyKey }: Attempt<NewApp>) =>
  call('POST /app/v1/projects/{project_id}/apps', {
    params: { project_id: projectId },
    body,
    headers: idempotencyHeader(idempotencyKey),
  });

export const updateApp = (projectId: string, id: string, body: AppChange) =>
  call('PATCH /app/v1/projects/{project_id}/apps/{id}', { params: { project_id: projectId, id }, body });

export const restoreApp = (projectId: string, id: string) => updateApp(projectId, id, { deleted: false });

/** Deletes an app, after the password. It can be restored for 30 days. */
export const deleteApp = (projectId: string, id: string) =>
  call('DELETE /app/v1/projects/{project_id}/apps/{id}', {
    params: { project_id: projectId, id },
    stepUp: true,
  });
