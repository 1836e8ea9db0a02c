import { queryOptions, useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import type { App, MemberScope, Page, SessionProject } from './answers.ts';
import { api } from './http.ts';
import { useSession } from './session.ts';

/** Returns the address of a `/v1` route as members call it: `projectPath(id, '/apps')`. */
export function projectPath(projectId: string, path: string): string {
  return `/app/v1/projects/${encodeURIComponent(projectId)}${path}`;
}

export type CurrentProject = {
  project: SessionProject;
  /** Returns the address of a route of this project: `path('/api-keys')`. */
  path: (path: string) => string;
  /** Whether the person may do this here. The server judges all the same; this only hides what would be refused. */
  can: (scope: MemberScope) => boolean;
};

/** Returns the project of the page; only below `/p/$projectId`, which shows "not found" for all others. */
export function useProject(): CurrentProject {
  const { projectId } = useParams({ strict: false });
  const project = useSession().projects.find(({ id }) => id === projectId);
  if (!project) throw new Error('This project does not exist, or you are not a member of it.');
  return {
    project,
    path: (path) => projectPath(project.id, path),
    can: (scope) => project.scopes.includes(scope),
  };
}

const APPS_MAX = 200;

/** The project's apps, oldest first. */
export const appsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['projects', projectId, 'apps'],
    queryFn: async ({ signal }) => {
      const options = { query: { limit: APPS_MAX }, signal };
      const { data } = await api<Page<App>>('GET', projectPath(projectId, '/apps'), options);
      // Ids are time-ordered.
      return data.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },
    staleTime: 60_000,
  });

export type CurrentApp = {
  apps: readonly App[];
  /** The one in `?app=`, else the oldest; undefined while loading, and in a project without apps. */
  app: App | undefined;
  isPending: boolean;
  error: unknown;
  retry: () => void;
};

/** Returns the app of this id, else the oldest; undefined when there is none. */
export function findApp(apps: readonly App[], wanted: string | undefined): App | undefined {
  return apps.find(({ id }) => id === wanted) ?? apps[0];
}

/** Returns the project's apps and the one the page is about. */
export function useCurrentApp(): CurrentApp {
  const { project } = useProject();
  const { app: wanted } = useSearch({ strict: false });
  const { data: apps = [], isPending, error, refetch } = useQuery(appsQuery(project.id));
  return { apps, app: findApp(apps, wanted), isPending, error, retry: () => void refetch() };
}
