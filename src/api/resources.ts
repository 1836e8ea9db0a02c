import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Caller } from './caller.ts';
import { ApiError } from './errors.ts';
import { exceedsApps } from './permission.ts';

/** Returns the project's apps that the caller reaches and that are not deleted. */
export function listAllowedApps(directory: Directory, { principal }: Pick<Caller, 'principal'>): App[] {
  return directory
    .listApps(principal.projectId)
    .filter(
      (app) => app.deletedAt === null && (principal.appIds === null || principal.appIds.includes(app.id)),
    );
}

/**
 * Returns the app of this id, deleted ones included. Throws 404 when it is not in the caller's project (exactly as
 * for an id that does not exist) and 403 when it is, but the caller is narrowed to others.
 */
export function getApp(directory: Directory, { principal }: Pick<Caller, 'principal'>, appId: string): App {
  const app = directory.findApp(appId);
  if (!app || app.projectId !== principal.projectId) throw appNotFound();
  if (exceedsApps({ appIds: [app.id] }, principal)) throw new ApiError('app_not_allowed');
  return app;
}

/** Returns the live app a request means: the one it names, else the only one the caller reaches, else undefined. */
export function findRequestedApp(
  directory: Directory,
  caller: Caller,
  appId: string | undefined,
): App | undefined {
  if (appId === undefined) {
    const apps = listAllowedApps(directory, caller);
    return apps.length === 1 ? apps[0] : undefined;
  }
  const app = getApp(directory, caller, appId);
  if (app.deletedAt !== null) throw appNotFound();
  return app;
}

const appNotFound = () => new ApiError('not_found', { detail: 'There is no such app.' });

/** Returns the key of this id. Throws 404 when it is not of the caller's project, 403 when it reaches more apps. */
export function getKey({ directory }: { directory: Directory }, caller: Caller, keyId: string): ApiKey {
  const key = directory.findKey(keyId);
  if (!key || key.projectId !== caller.project.id) {
    throw new ApiError('not_found', { detail: 'There is no such API key.' });
  }
  if (exceedsApps(key, caller.principal)) {
    throw new ApiError('app_not_allowed', { detail: 'That key reaches apps that yours does not.' });
  }
  return key;
}
