import type { App } from './app.ts';
import { createContents, type KeyRefusal } from './contents.ts';
import type { Rows } from './find-index.ts';
import { type DirectoryOptions, type Freshness, keepFresh } from './keep-fresh.ts';
import type { ApiKey, KeySecret } from './key.ts';
import { loadChanges, type ReadableControl } from './load-changes.ts';
import type { Project } from './project.ts';

/** A key, and the one of its secrets that was presented. */
export type FoundKey = { key: ApiKey; secret: KeySecret };

/**
 * All projects, apps and keys in memory: everything that requests are authenticated and authorized with, so that none of
 * them needs a database statement. Changes by other processes are detected by the database's change stamp, which is
 * checked once per event-loop turn.
 */
export type Directory = Freshness & {
  findByMac: (mac: string) => FoundKey | undefined;
  findKey: (keyId: string) => ApiKey | undefined;
  /**
   * Refuses a key in this process from now on, although that is not stored. It stays refused, whatever the database says
   * about it, until `acceptStored`.
   */
  refuseKey: (keyId: string, refusal: KeyRefusal) => void;
  /** Goes back to what is stored of a key. Call it once what `refuseKey` did is stored and loaded. */
  acceptStored: (keyId: string) => void;
  /** Returns the keys of a project by ascending id. */
  listKeys: (projectId: string) => ApiKey[];
  /** The same list, of which only the keys that are read cost something. It changes with the next refresh: do not keep it. */
  viewKeys: (projectId: string) => Rows<ApiKey>;
  /** Returns the keys of all projects that expire before `instant`, epoch milliseconds, including expired ones. */
  listExpiringBefore: (instant: number) => ApiKey[];
  hasProjects: () => boolean;
  /** Returns all projects, deleted ones included. */
  listProjects: () => Project[];
  countKeys: () => number;
  findProject: (projectId: string) => Project | undefined;
  findApp: (appId: string) => App | undefined;
  /** Returns the apps of a project by ascending id, deleted ones included. Like `viewKeys`. */
  listApps: (projectId: string) => readonly App[];
};

/** Opens the directory and loads everything from the control database. */
export async function openDirectory(
  control: ReadableControl,
  options: DirectoryOptions = {},
): Promise<Directory> {
  let contents = createContents();
  const load = async () => {
    contents = await loadChanges(control, contents);
  };
  const { refresh, ...freshness } = keepFresh(control, load, options);
  await refresh();
  return {
    findByMac: (mac) => contents.keys.findByMac(mac),
    findKey: (keyId) => contents.keys.findById(keyId),
    refuseKey: (keyId, refusal) => contents.refuseKey(keyId, refusal),
    acceptStored: (keyId) => contents.acceptStored(keyId),
    listKeys(projectId) {
      const view = contents.keys.viewProject(projectId);
      return Array.from({ length: view.length }, (_, index) => view.at(index)).filter(
        (key) => key !== undefined,
      );
    },
    viewKeys: (projectId) => contents.keys.viewProject(projectId),
    listExpiringBefore: (instant) => contents.keys.listExpiringBefore(instant),
    hasProjects: () => contents.projects.size > 0,
    listProjects: () => [...contents.projects.values()],
    countKeys: () => contents.keys.count(),
    findProject: (projectId) => contents.projects.get(projectId),
    findApp: (appId) => contents.apps.get(appId),
    listApps: (projectId) => contents.listApps(projectId),
    refresh,
    ...freshness,
  };
}
