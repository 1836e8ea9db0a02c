import { ApiError } from '../http/errors.ts';
import type { Caller } from '../http/route.ts';
import type { Directory } from '../keys/directory.ts';
import type { App } from './app.ts';

/** Returns the project's apps that this key reaches and that are not deleted. */
export function listReachableApps(directory: Directory, { key }: Pick<Caller, 'key'>): App[] {
  return directory
    .listApps(key.projectId)
    .filter((app) => app.deletedAt === null && (key.appIds === null || key.appIds.includes(app.id)));
}

/**
 * Returns the app of this id, deleted ones included. Throws 404 when it is not in the caller's project (exactly as
 * for an id that does not exist) and 403 when it is, but the key is narrowed to others.
 */
export function getApp(directory: Directory, { key }: Pick<Caller, 'key'>, appId: string): App {
  const app = directory.findApp(appId);
  if (!app || app.projectId !== key.projectId) throw appNotFound();
  if (key.appIds !== null && !key.appIds.includes(app.id)) throw new ApiError('app_not_allowed');
  return app;
}

/** Returns the live app a request means: the one it names, else the only one the key reaches, else undefined. */
export function findRequestedApp(
  directory: Directory,
  caller: Caller,
  appId: string | undefined,
): App | undefined {
  if (appId === undefined) {
    const apps = listReachableApps(directory, caller);
    return apps.length === 1 ? apps[0] : undefined;
  }
  const app = getApp(directory, caller, appId);
  if (app.deletedAt !== null) throw appNotFound();
  return app;
}

const appNotFound = () => new ApiError('not_found', { detail: 'There is no such app.' });
