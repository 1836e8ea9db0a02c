import { queryOptions, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { isGuardedSetting } from '../../../src/projects/step-up-rules.ts';
import type { MemberScope, SessionProject, SettingsChange } from './answers.ts';
import { call } from './http.ts';
import { useSession } from './session.ts';

/** The start of all query keys about one project. */
export const projectKey = (projectId: string) => ['projects', projectId] as const;

export type CurrentProject = {
  project: SessionProject;
  /** Whether the person may do this here. It only hides what the server would refuse. */
  can: (scope: MemberScope) => boolean;
};

/** The person is not a member of the page's project, or not any more. */
export class NotAMember extends Error {}

/** Returns the project of the page. Only under `/p/$projectId`, which shows "not found" for all others. */
export function useProject(): CurrentProject {
  const { projectId } = useParams({ strict: false });
  const project = useSession().projects.find(({ id }) => id === projectId);
  if (!project) throw new NotAMember('This project does not exist, or you are not a member of it.');
  return { project, can: (scope) => project.scopes.includes(scope) };
}

/** Creates a project. The signed-in person becomes its owner. */
export const createProject = (name: string) => call('POST /app/v1/projects', { body: { name } });

/** The project's settings, such as the maximum lifetime of its keys and their default limits. */
export const settingsQuery = (projectId: string) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'settings'],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/project', { params: { project_id: projectId }, signal }),
  });

/** Returns the project's settings, if the person may see them. */
export function useProjectSettings() {
  const { project, can } = useProject();
  return useQuery({ ...settingsQuery(project.id), enabled: can('project:read') });
}

/** Changes the project's settings; those that limit keys after the password. */
export const updateSettings = (projectId: string, body: SettingsChange) =>
  call('PATCH /app/v1/projects/{project_id}/project', {
    params: { project_id: projectId },
    body,
    stepUp: isGuardedSetting(body),
  });

/** The person's deleted projects that can still be restored. */
export const deletedProjectsQuery = queryOptions({
  queryKey: ['deleted-projects'],
  queryFn: async ({ signal }) =>
    (await call('GET /app/v1/projects', { query: { deleted: true }, signal })).data,
});

/** Deletes a project, after the password. It can be restored for 30 days. */
export const deleteProject = (id: string) =>
  call('DELETE /app/v1/projects/{id}', { params: { id }, stepUp: true });

/** Restores a deleted project, after the password: its keys work again. */
export const restoreProject = (id: string) =>
  call('PATCH /app/v1/projects/{id}', { params: { id }, body: { deleted: false }, stepUp: true });
