import type { App } from '../apps/app.ts';
import type { Control } from '../control/open.ts';
import type { Project } from '../projects/project.ts';
import type { ApiKey, KeySecret } from './key.ts';
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
  hasProjects: () => boolean;
  findProject: (projectId: string) => Project | undefined;
  findApp: (appId: string) => App | undefined;
  listApps: (projectId: string) => App[];
  /** Resolves when the directory holds all that was committed before the call. Call after every own write. */
  refresh: () => Promise<void>;
  /** Resolves at once unless another process committed since the last look; then when its changes are here. */
  ensureFresh: () => Promise<void> | undefined;
  close: () => void;
};

const IDLE_LOOK_MS = 250;

type Held = {
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

function holdKey(held: Held, key: ApiKey): void {
  for (const secret of held.keys.get(key.id)?.secrets ?? []) held.byMac.delete(secret.mac);
  held.keys.set(key.id, key);
  mapIn(held.keysByProject, key.projectId).set(key.id, key);
  for (const secret of key.secrets) held.byMac.set(secret.mac, { key, secret });
}

function holdApp(held: Held, app: App): void {
  held.apps.set(app.id, app);
  mapIn(held.appsByProject, app.projectId).set(app.id, app);
}

/** Reads what changed after `held.revision` in one snapshot, so that a key never appears before its project. */
async function loadChanges(control: Control, held: Held): Promise<void> {
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
    for (const row of apps) holdApp(held, toApp(row));
    for (const row of keys) holdKey(held, toApiKey(row, secretsByKey.get(row.id) ?? []));
    held.revision = Number(value);
  });
}

/** Opens the directory over the control database, filled. */
export async function openDirectory(control: Control): Promise<Directory> {
  const held: Held = {
    revision: -1,
    projects: new Map(),
    apps: new Map(),
    appsByProject: new Map(),
    keys: new Map(),
    keysByProject: new Map(),
    byMac: new Map(),
  };
  const { refresh, ensureFresh, close } = keepFresh(control, held);
  await refresh();
  return {
    findByMac: (mac) => held.byMac.get(mac),
    findKey: (keyId) => held.keys.get(keyId),
    listKeys: (projectId) => [...(held.keysByProject.get(projectId)?.values() ?? [])],
    hasProjects: () => held.projects.size > 0,
    findProject: (projectId) => held.projects.get(projectId),
    findApp: (appId) => held.apps.get(appId),
    listApps: (projectId) => [...(held.appsByProject.get(projectId)?.values() ?? [])],
    refresh,
    ensureFresh,
    close,
  };
}

function keepFresh(control: Control, held: Held): Pick<Directory, 'refresh' | 'ensureFresh' | 'close'> {
  let stamp = control.changeStamp();
  let lookedThisTurn = false;
  let running: Promise<void> = Promise.resolve();
  let pending: Promise<void> | undefined;

  // One load after another: each starts after the caller's commit, so it cannot miss it, and none overtakes another.
  function refresh(): Promise<void> {
    const load = running.then(() => loadChanges(control, held));
    running = load.catch(() => undefined);
    return load;
  }

  function ensureFresh(): Promise<void> | undefined {
    if (lookedThisTurn) return pending;
    lookedThisTurn = true;
    setImmediate(() => {
      lookedThisTurn = false;
    });
    const now = control.changeStamp();
    if (now === stamp) return pending;
    const load = refresh().then(() => {
      stamp = now;
    });
    const settled = load.finally(() => {
      if (pending === settled) pending = undefined;
    });
    pending = settled;
    return settled;
  }

  const timer = setInterval(() => ensureFresh()?.catch(() => undefined), IDLE_LOOK_MS);
  timer.unref();
  return { refresh, ensureFresh, close: () => clearInterval(timer) };
}
