import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Caller } from './caller.ts';
import { ApiError } from './errors.ts';
import { exceedsApps } from './permission.ts';

/** The `app_id` of a query over all apps that the caller may use. */
export const ALL_APPS = 'all';

/** Returns the apps of the project that the caller may use, without deleted ones. */
export function listAllowedApps(directory: Directory, { principal }: Pick<Caller, 'principal'>): App[] {
  return directory
    .listApps(principal.projectId)
    .filter(
      (app) => app.deletedAt === null && (principal.appIds === null || principal.appIds.includes(app.id)),
    );
}

/**
 * Returns the app with this id, even if it is deleted, or why the caller may not use it. An app of another project is
 * `not_found`, exactly like an id that does not exist; `not_allowed` means the caller is restricted to other apps.
 */
export function findAllowedApp(
  directory: Directory,
  { principal }: Pick<Caller, 'principal'>,
  appId: string,
): App | 'not_found' | 'not_allowed' {
  const app = directory.findApp(appId);
  if (!app || app.projectId !== principal.projectId) return 'not_found';
  return exceedsApps({ appIds: [app.id] }, principal) ? 'not_allowed' : app;
}

/** Returns the app with this id, even if it is deleted. Throws 404 or 403, see `findAllowedApp`. */
export function getApp(directory: Directory, caller: Pick<Caller, 'principal'>, appId: string): App {
  const app = findAllowedApp(directory, caller, appId);
  if (app === 'not_found') throw appNotFound();
  if (app === 'not_allowed') throw new ApiError('app_not_allowed');
  return app;
}

/**
 * Returns the app a request is for: the one it names, otherwise the only one the caller may use, otherwise undefined.
 * Throws 404 for an app that is unknown or deleted, 403 for one the caller may not use.
 */
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

const appNotFound = () =>
  new ApiError('not_found', { detail: 'There is no such app. Check its ID: GET /v1/apps lists the apps.' });

/** Returns the key with this id. Throws 404 outside the caller's project, 403 if it has apps the caller may not use. */
export function getKey({ directory }: { directory: Directory }, caller: Caller, keyId: string): ApiKey {
  const key = directory.findKey(keyId);
  if (!key || key.projectId !== caller.project.id) {
    throw new ApiError('not_found', {
      detail: 'There is no such API key. Check its ID: GET /v1/api-keys lists the keys.',
    });
  }
  if (exceedsApps(key, caller.principal)) {
    throw new ApiError('app_not_allowed', { detail: "That key can be used for apps that yours can't." });
  }
  return key;
}
