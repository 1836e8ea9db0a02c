import type { Control } from '../control/open.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { StorageError } from '../lib/errors.ts';
import type { App } from './app.ts';
import type { ApiKey, KeySecret } from './key.ts';
import type { Project } from './project.ts';
import { toApiKey, toApp, toProject } from './records.ts';

/** A key and which of its secrets was shown. */
export type FoundKey = { key: ApiKey; secret: KeySecret };

/**
 * Everything a request needs to be judged, in memory: all projects, apps and keys. No database statement per request;
 * what other processes changed is noticed by the database's change stamp, looked at once per event-loop turn.
 */
export type Directory = {
  findByMac: (mac: string) => FoundKey | undefined;
  findKey: (keyId: string) => ApiKey | undefined;
  listKeys: (projectId: string) => ApiKey[];
  /** All projects' keys that expire before an instant, epoch milliseconds; those that have expired too. */
  listExpiringBefore: (instant: number) => ApiKey[];
  hasProjects: () => boolean;
  listProjects: () => Project[];
  countKeys: () => number;
  /** Milliseconds since it was last known to hold all that was committed. */
  ageMs: () => number;
  findProject: (projectId: string) => Project | undefined;
  findApp: (appId: string) => App | undefined;
  listApps: (projectId: string) => App[];
  /** Resolves when the directory holds all that was committed before the call. Call after every own write. */
  refresh: () => Promise<void>;
  /**
   * Resolves at once unless another process committed since the last look; then when its changes are here. While the
   * database cannot be read, memory serves on for `maxStaleMs`; then it rejects with StorageError `unavailable`.
   */
  ensureFresh: () => Promise<void> | undefined;
  /** Whether memory may not be trusted any more; a look at most 250 ms ago decides. */
  isTooOld: () => boolean;
  close: () => void;
};

const IDLE_POLL_MS = 250;
const MAX_STALE_MS = MINUTE_MS;

export type DirectoryOptions = {
  /** How long memory is trusted while the database cannot be read, in milliseconds. */
  maxStaleMs?: number;
  /** A clock that only runs forwards, in milliseconds; tests put their own in its place. */
  nowMs?: () => number;
};

type ReadableControl = Pick<Control, 'db' | 'changeStamp'>;

type Contents = {
  revision: number;
  projects: Map<string, Project>;
  apps: Map<string, App>;
  appsByProject: Map<string, Map<string, App>>;
  keys: Map<string, ApiKey>;
  keysByProject: Map<string, Map<string, ApiKey>>;
  byMac: Map<string, FoundKey>;
};

function mapIn<V>(outer: Map<string, Map<string, V>>, name: string): Map<string, V> {
  const known = outer.get(name);
  if (known) return known;
  const created = new Map<string, V>();
  outer.set(name, created);
  return created;
}

function putKey(held: Contents, key: ApiKey): void {
  for (const secret of held.keys.get(key.id)?.secrets ?? []) held.byMac.delete(secret.mac);
  held.keys.set(key.id, key);
  mapIn(held.keysByProject, key.projectId).set(key.id, key);
  for (const secret of key.secrets) held.byMac.set(secret.mac, { key, secret });
}

function putApp(held: Contents, app: App): void {
  held.apps.set(app.id, app);
  mapIn(held.appsByProject, app.projectId).set(app.id, app);
}

/** Reads what changed after `held.revision` in one snapshot, so that a key never appears before its project. */
async function loadChanges(control: ReadableControl, held: Contents): Promise<void> {
  await control.db.transaction().execute(async (tx) => {
    const since = held.revision;
    const { value } = await tx.selectFrom('revision').select('value').executeTakeFirstOrThrow();
    if (Number(value) === since) return;
    const projects = await tx.selectFrom('projects').selectAll().where('revision', '>', since).execute();
    const apps = await tx.selectFrom('apps').selectAll().where('revision', '>', since).execute();
    const keys = await tx.selectFrom('api_keys').selectAll().where('revision', '>', since).execute();
    const secrets = await tx
      .selectFrom('key_secrets')
      .innerJoin('api_keys', 'api_keys.id', 'key_secrets.key_id')
      .where('api_keys.revision', '>', since)
      .selectAll('key_secrets')
      .execute();
    const secretsByKey = Map.groupBy(secrets, (secret) => secret.key_id);
    for (const row of projects) held.projects.set(row.id, toProject(row));
    for (const row of apps) putApp(held, toApp(row));
    for (const row of keys) putKey(held, toApiKey(row, secretsByKey.get(row.id) ?? []));
    held.revision = Number(value);
  });
}

/** Opens the directory over the control database, filled. */
export async function openDirectory(
  control: ReadableControl,
  options: DirectoryOptions = {},
): Promise<Directory> {
  const held: Contents = {
    revision: -1,
    projects: new Map(),
    apps: new Map(),
    appsByProject: new Map(),
    keys: new Map(),
    keysByProject: new Map(),
    byMac: new Map(),
  };
  const { refresh, ensureFresh, isTooOld, ageMs, close } = keepFresh(control, held, options);
  await refresh();
  return {
    findByMac: (mac) => held.byMac.get(mac),
    findKey: (keyId) => held.keys.get(keyId),
    listKeys: (projectId) => [...(held.keysByProject.get(projectId)?.values() ?? [])],
    listExpiringBefore: (instant) =>
      [...held.keys.values()].filter(({ expiresAt }) => expiresAt !== null && expiresAt < instant),
    hasProjects: () => held.projects.size > 0,
    listProjects: () => [...held.projects.values()],
    countKeys: () => held.keys.size,
    ageMs,
    findProject: (projectId) => held.projects.get(projectId),
    findApp: (appId) => held.apps.get(appId),
    listApps: (projectId) => [...(held.appsByProject.get(projectId)?.values() ?? [])],
    refresh,
    ensureFresh,
    isTooOld,
    close,
  };
}

function keepFresh(
  control: ReadableControl,
  held: Contents,
  { maxStaleMs = MAX_STALE_MS, nowMs = () => performance.now() }: DirectoryOptions,
): Pick<Directory, 'refresh' | 'ensureFresh' | 'isTooOld' | 'ageMs' | 'close'> {
  let stamp = control.changeStamp();
  let lookedThisTurn = false;
  let freshAt = nowMs();
  /** Why the last look failed; undefined when it did not. */
  let failure: { cause: unknown } | undefined;
  let running: Promise<void> = Promise.resolve();
  let pending: Promise<void> | undefined;

  // One load after another: each starts after the caller's commit, so it cannot miss it, and none overtakes another.
  function refresh(): Promise<void> {
    const load = running.then(() => loadChanges(control, held));
    running = load.catch(() => {
      // What it should have brought is not here: no stamp is the right one until a load succeeds.
      stamp = Number.NaN;
    });
    return load;
  }

  const ageMs = () => nowMs() - freshAt;
  /** Memory serves for a while; then nobody is let in, because a key may be revoked that still looks alive. */
  const isTooOld = () => failure !== undefined && ageMs() > maxStaleMs;

  function load(now: number, lookedAt: number): void {
    const settled = refresh()
      .then(
        () => {
          [stamp, freshAt, failure] = [now, lookedAt, undefined];
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

  function look(): void {
    lookedThisTurn = true;
    setImmediate(() => {
      lookedThisTurn = false;
    });
    const lookedAt = nowMs();
    try {
      const now = control.changeStamp();
      if (now !== stamp) load(now, lookedAt);
      else if (pending === undefined) [freshAt, failure] = [lookedAt, undefined];
    } catch (cause) {
      failure = { cause };
    }
  }

  function ensureFresh(): Promise<void> | undefined {
    if (!lookedThisTurn) look();
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
    'The control database cannot be read, and what memory holds of keys is too old to be trusted',
    cause,
  );
