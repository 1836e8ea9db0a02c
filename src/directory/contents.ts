import type { App } from './app.ts';
import { findIndexFrom } from './find-index.ts';
import type { ApiKey } from './key.ts';
import { createKeyTable, type KeyTable } from './key-table.ts';
import type { Project } from './project.ts';

/** What a key is in memory although it is not stored yet: the fields that refuse it. */
export type KeyRefusal = Partial<Pick<ApiKey, 'revokedAt' | 'revokedBy' | 'revokedReason' | 'disabled'>>;

/** What the directory has in memory, as of `revision` of the control database, after as many `rollbacks` of it. */
export type Contents = {
  revision: number;
  rollbacks: number;
  projects: ReadonlyMap<string, Project>;
  apps: ReadonlyMap<string, App>;
  keys: KeyTable;
  putProject: (project: Project) => void;
  putApp: (app: App) => void;
  listApps: (projectId: string) => readonly App[];
  /** As in `Directory`. */
  refuseKey: (keyId: string, refusal: KeyRefusal) => void;
  acceptStored: (keyId: string) => void;
  /** Returns empty contents that refuse the same keys. */
  renew: () => Contents;
};

/** Returns empty contents, older than every revision. */
export function createContents(refusals = new Map<string, KeyRefusal>()): Contents {
  const projects = new Map<string, Project>();
  const apps = new Map<string, App>();
  const appsByProject = new Map<string, App[]>();

  const keys = createKeyTable((stored) => {
    const refusal = refusals.get(stored.id);
    const isProjectDeleted = isDeleted(projects.get(stored.projectId));
    // A stored revocation is final: it has the time and the reason that count.
    const refused = stored.revokedAt === null ? refusal : undefined;
    return refused === undefined && !isProjectDeleted ? stored : { ...stored, ...refused, isProjectDeleted };
  });

  return {
    revision: -1,
    rollbacks: 0,
    projects,
    apps,
    keys,
    putProject(project) {
      const wasDeleted = isDeleted(projects.get(project.id));
      projects.set(project.id, project);
      // The keys of a project are refused while it is deleted.
      if (isDeleted(project) !== wasDeleted) keys.forgetUnpacked();
    },
    putApp(app) {
      apps.set(app.id, app);
      putInOrder(appsByProject, app);
    },
    listApps: (projectId) => appsByProject.get(projectId) ?? [],
    refuseKey(keyId, refusal) {
      if (keys.findById(keyId) === undefined) return;
      refusals.set(keyId, { ...refusals.get(keyId), ...refusal });
      keys.forgetUnpacked();
    },
    acceptStored(keyId) {
      if (refusals.delete(keyId)) keys.forgetUnpacked();
    },
    renew: () => createContents(refusals),
  };
}

const isDeleted = (project: Project | undefined) => project !== undefined && project.deletedAt !== null;

/** Puts a record into the list of its project, which is in the order of ids, so that no request has to sort it. */
function putInOrder(lists: Map<string, App[]>, app: App): void {
  const list = lists.get(app.projectId) ?? [];
  lists.set(app.projectId, list);
  const index = findIndexFrom(list, app.id);
  list.splice(index, list[index]?.id === app.id ? 1 : 0, app);
}
