import type { App, KeyWithSecret, NewApp, NewKey } from '../../api/answers.ts';
import { createApp } from '../../api/apps.ts';
import { makeAttempts } from '../../api/attempts.ts';
import { createKey } from '../../api/keys.ts';
import { createProject } from '../../api/project.ts';

/** A new project, its first app, and a client key for the app. */
export type Created = { projectId: string; app: App; apiKey: KeyWithSecret };

export type ProjectDraft = { projectName: string } & Required<Pick<NewApp, 'name' | 'platform' | 'timezone'>>;

export type ProjectCreator = {
  create: (draft: ProjectDraft) => Promise<Created>;
  /** Whether the project exists already: the last attempt failed after it. */
  hasProject: () => boolean;
};

const REQUESTS = { createProject, createApp, createKey };

/**
 * Returns what creates a project with an app and a client key, by three requests. After a failure it resumes at the
 * request that failed, so that a retry creates nothing twice.
 */
export function createProjectCreator(requests: typeof REQUESTS = REQUESTS): ProjectCreator {
  let projectId: string | undefined;
  let app: App | undefined;
  const toAppAttempt = makeAttempts(({ name, platform, timezone }: ProjectDraft): NewApp => {
    return { name: name.trim(), platform, timezone };
  });
  const toKeyAttempt = makeAttempts(({ id, platform }: App): NewKey => {
    return { name: `First client key (${platform})`, type: 'client', app_ids: [id] };
  });
  return {
    async create(draft) {
      projectId ??= (await requests.createProject(draft.projectName.trim())).id;
      app ??= await requests.createApp(projectId, toAppAttempt(draft));
      return { projectId, app, apiKey: await requests.createKey(projectId, toKeyAttempt(app)) };
    },
    hasProject: () => projectId !== undefined,
  };
}
