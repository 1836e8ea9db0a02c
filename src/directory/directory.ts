import type { Control } from '../control/open.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { StorageError } from '../lib/errors.ts';
import type { App } from './app.ts';
import type { ApiKey, KeySecret } from './key.ts';
import type { Project } from './project.ts';
import { toApiKey, toApp, toProject } from './records.ts';

/** What a key is in memory although it is not stored yet: the fields that refuse it. */
export type KeyRefusal = Partial<Pick<ApiKey, 'revokedAt' | 'revokedBy' | 'revokedReason' | 'disabled'>>;

/** A key, and the one of its secrets that was presented. */
export type FoundKey = { key: ApiKey; secret: KeySecret };

/**
 * All projects, apps and keys in memory: everything that requests are authenticated and authorized with, so that none of
 * them needs a database statement. Changes by other processes are detected by the database's change stamp, which is
 * checked once per event-loop turn.
 */
export type Directory = {
  findByMac: (mac: string) => FoundKey | undefined;
  findKey: (keyId: string) => ApiKey | undefined;
  /**
   * Refuses a key in this process from now on, although that is not stored. It stays refused, whatever the database says
   * about it, until `acceptStored`.
   */
  refuseKey: (keyId: string, refusal: KeyRefusal) => void;
  /** Goes back to what is stored of a key. Call it once what `refuseKey` did is stored and loaded. */
  acceptStored: (keyId: string) => void;
  /** Returns the keys of a project by ascending id. The list changes with the next refresh: do not keep it. */
  listKeys: (projectId: string) => readonly ApiKey[];
  /** Returns the keys of all projects that expire before `instant`, epoch milliseconds, including expired ones. */
  listExpiringBefore: (instant: number) => ApiKey[];
  hasProjects: () => boolean;
  /** Returns all projects, deleted ones included. */
  listProjects: () => Project[];
  countKeys: () => number;
  /** Returns the milliseconds since the directory was last known to be current. */
  ageMs: () => number;
  findProject: (projectId: string) => Project | undefined;
  findApp: (appId: string) => App | undefined;
  /** Returns the apps of a project by ascending id, deleted ones included. Like `listKeys`. */
  listApps: (projectId: string) => readonly App[];
  /** Resolves when the directory includes everything committed before the call. Call it after every write. */
  refresh: () => Promise<void>;
  /**
   * Returns undefined unless another process committed since the last check; then a promise that resolves when its changes
   * are loaded. While the database cannot be read, memory is used for `maxStaleMs`; then it rejects with StorageError
   * `unavailable`.
   */
  ensureFresh: () => Promise<void> | undefined;
  /** Whether memory is too old to be trusted, as of a check at most 250 ms ago. */
  isTooOld: () => boolean;
  close: () => void;
};

const IDLE_POLL_MS = 250;
const MAX_STALE_MS = MINUTE_MS;

/** How the directory deals with time. */
export type DirectoryOptions = {
  /** How long memory is trusted while the database cannot be read, in milliseconds. */
  maxStaleMs?: number;
  /** A monotonic clock in milliseconds; tests replace it. */
  nowMs?: () => number;
};

/** What polling the control database for changes needs. */
export type ReadableControl = Pick<Control, 'db' | 'changeStamp'>;

type Contents = {
  revision: number;
  projects: Map<string, Project>;
  apps: Map<string, App>;
  appsByProject: Map<string, App[]>;
  keys: Map<string, ApiKey>;
  keysByProject: Map<string, ApiKey[]>;
  byMac: Map<string, FoundKey>;
  /** The keys of `refuseKey`, and each of them as it is stored. */
  refused: Map<string, { refusal: KeyRefusal; stored: ApiKey }>;
};

/** Puts a record into the list of its project, which is in the order of ids, so that no request has to sort it. */
function putInOrder<T extends { id: string; projectId: string }>(lists: Map<string, T[]>, record: T): void {
  const list = lists.get(record.projectId);
  if (!list) {
    lists.set(record.projectId, [record]);
    return;
  }
  const index = findIndexFrom(list, record.id);
  list.splice(index, list[index]?.id === record.id ? 1 : 0, record);
}

/** Returns the index of the first record whose id is not less than `id`, in a list in the order of ids. */
export function findIndexFrom(list: readonly { id: string }[], id: string): number {
  let [low, high] = [0, list.length];
  // New ids are the highest: most records are appended.
  if ((list.at(-1)?.id ?? '') < id) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle]?.id ?? '') < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function putKey(contents: Contents, stored: ApiKey): void {
  const refused = contents.refused.get(stored.id);
  if (refused) refused.stored = stored;
  // A stored revocation is final: it has the time and the reason that count.
  const key = refused && stored.revokedAt === null ? { ...stored, ...refused.refusal } : stored;
  for (const secret of contents.keys.get(key.id)?.secrets ?? []) contents.byMac.delete(secret.mac);
  contents.keys.set(key.id, key);
  putInOrder(contents.keysByProject, key);
  for (const secret of key.secrets) contents.byMac.set(secret.mac, { key, secret });
}

function refuseKey(contents: Contents, keyId: string, refusal: KeyRefusal): void {
  const known = contents.refused.get(keyId);
  const stored = known?.stored ?? contents.keys.get(keyId);
  if (!stored) return;
  contents.refused.set(keyId, { stored, refusal: { ...known?.refusal, ...refusal } });
  putKey(contents, stored);
}

function acceptStored(contents: Contents, keyId: string): void {
  const refused = contents.refused.get(keyId);
  contents.refused.delete(keyId);
  if (refused) putKey(contents, refused.stored);
}

/** The keys of a project are refused while it is deleted. */
function putProject(contents: Contents, project: Project): void {
  const wasDeleted = isDeleted(contents.projects.get(project.id));
  contents.projects.set(project.id, project);
  const isProjectDeleted = isDeleted(project);
  if (isProjectDeleted === wasDeleted) return;
  for (const key of [...(contents.keysByProject.get(project.id) ?? [])])
    putKey(contents, { ...(contents.refused.get(key.id)?.stored ?? key), isProjectDeleted });
}

const isDeleted = (project: Project | undefined) => project !== undefined && project.deletedAt !== null;

function putApp(contents: Contents, app: App): void {
  contents.apps.set(app.id, app);
  putInOrder(contents.appsByProject, app);
}

/** Loads what changed after `contents.revision` in one snapshot, so that a key never appears before its project. */
async function loadChanges(control: ReadableControl, contents: Contents): Promise<void> {
  await control.db.transaction().execute(async (tx) => {
    const since = contents.revision;
    const { value } = await tx.selectFrom('revision').select('value').executeTakeFirstOrThrow();
    if (Number(value) === since) return;
    const projects = await tx.selectFrom('projects').selectAll().where('revision', '>', since).execute();
    const apps = await tx
      .selectFrom('apps')
      .selectAll()
      .where('revision', '>', since)
      .orderBy('id')
      .execute();
    const keys = await tx
      .selectFrom('api_keys')
      .selectAll()
      .where('revision', '>', since)
      .orderBy('id')
      .execute();
    const secrets = await tx
      .selectFrom('key_secrets')
      .innerJoin('api_keys', 'api_keys.id', 'key_secrets.key_id')
      .where('api_keys.revision', '>', since)
      .selectAll('key_secrets')
      .execute();
    const secretsByKey = Map.groupBy(secrets, (secret) => secret.key_id);
    for (const row of projects) putProject(contents, toProject(row));
    for (const row of apps) putApp(contents, toApp(row));
    for (const row of keys) {
      const isProjectDeleted = isDeleted(contents.projects.get(row.project_id));
      putKey(contents, toApiKey(row, secretsByKey.get(row.id) ?? [], { isProjectDeleted }));
    }
    contents.revision = Number(value);
  });
}

/** Opens the directory and loads everything from the control database. */
export async function openDirectory(
  control: ReadableControl,
  options: DirectoryOptions = {},
): Promise<Directory> {
  const contents: Contents = {
    revision: -1,
    projects: new Map(),
    apps: new Map(),
    appsByProject: new Map(),
    keys: new Map(),
    keysByProject: new Map(),
    byMac: new Map(),
    refused: new Map(),
  };
  const { refresh, ensureFresh, isTooOld, ageMs, close } = keepFresh(control, contents, options);
  await refresh();
  return {
    findByMac: (mac) => contents.byMac.get(mac),
    findKey: (keyId) => contents.keys.get(keyId),
    refuseKey: (keyId, refusal) => refuseKey(contents, keyId, refusal),
    acceptStored: (keyId) => acceptStored(contents, keyId),
    listKeys: (projectId) => contents.keysByProject.get(projectId) ?? [],
    listExpiringBefore: (instant) =>
      [...contents.keys.values()].filter(({ expiresAt }) => expiresAt !== null && expiresAt < instant),
    hasProjects: () => contents.projects.size > 0,
    listProjects: () => [...contents.projects.values()],
    countKeys: () => contents.keys.size,
    ageMs,
    findProject: (projectId) => contents.projects.get(projectId),
    findApp: (appId) => contents.apps.get(appId),
    listApps: (projectId) => contents.appsByProject.get(projectId) ?? [],
    refresh,
    ensureFresh,
    isTooOld,
    close,
  };
}

function keepFresh(
  control: ReadableControl,
  contents: Contents,
  { maxStaleMs = MAX_STALE_MS, nowMs = () => performance.now() }: DirectoryOptions,
): Pick<Directory, 'refresh' | 'ensureFresh' | 'isTooOld' | 'ageMs' | 'close'> {
  let stamp = control.changeStamp();
  let isChecked = false;
  let freshAt = nowMs();
  /** Why the last check failed; undefined if it succeeded. */
  let failure: { cause: unknown } | undefined;
  let running: Promise<void> = Promise.resolve();
  let pending: Promise<void> | undefined;

  // One load after another: each starts after the caller's commit, so it cannot miss it, and no older load overwrites it.
  function refresh(): Promise<void> {
    const load = running.then(() => loadChanges(control, contents));
    running = load.catch(() => {
      // Its changes are missing, so every stamp counts as a change until a load succeeds.
      stamp = Number.NaN;
    });
    return load;
  }

  const ageMs = () => nowMs() - freshAt;
  /** After a while no request is accepted, because a key that looks valid here may have been revoked. */
  const isTooOld = () => failure !== undefined && ageMs() > maxStaleMs;

  function load(newStamp: number, checkedAt: number): void {
    const settled = refresh()
      .then(
        () => {
          [stamp, freshAt, failure] = [newStamp, checkedAt, undefined];
        },
        (cause: unknown) => {
          failure = { cause };
          if (isTooOld()) throw tooOld(cause);
        },
      )
      .finally(() => {
        if (pending === settled) pending = undefined;
      });
    pending = settled;
  }

  function checkStamp(): void {
    isChecked = true;
    setImmediate(() => {
      isChecked = false;
    });
    const checkedAt = nowMs();
    try {
      const newStamp = control.changeStamp();
      if (newStamp !== stamp) load(newStamp, checkedAt);
      else if (pending === undefined) [freshAt, failure] = [checkedAt, undefined];
    } catch (cause) {
      failure = { cause };
    }
  }

  function ensureFresh(): Promise<void> | undefined {
    if (!isChecked) checkStamp();
    if (pending !== undefined || !isTooOld()) return pending;
    return Promise.reject(tooOld(failure?.cause));
  }

  const timer = setInterval(() => ensureFresh()?.catch(() => undefined), IDLE_POLL_MS);
  timer.unref();
  return { refresh, ensureFresh, isTooOld, ageMs, close: () => clearInterval(timer) };
}

const tooOld = (cause: unknown) =>
  new StorageError(
    'unavailable',
    'The control database cannot be read, and the keys in memory are too old to be trusted',
    cause,
  );
