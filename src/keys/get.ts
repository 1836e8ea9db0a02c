import { ApiError } from '../api/errors.ts';
import type { Caller } from '../api/route.ts';
import type { Directory } from '../directory/directory.ts';
import type { ApiKey } from '../directory/key.ts';
import { reachesMoreApps } from './within.ts';

/** Returns the key of this id. Throws 404 when it is not of the caller's project, 403 when it reaches more apps. */
export function getKey({ directory }: { directory: Directory }, caller: Caller, keyId: string): ApiKey {
  const key = directory.findKey(keyId);
  if (!key || key.projectId !== caller.project.id) {
    throw new ApiError('not_found', { detail: 'There is no such API key.' });
  }
  if (reachesMoreApps(key, caller.principal)) {
    throw new ApiError('app_not_allowed', { detail: 'That key reaches apps that yours does not.' });
  }
  return key;
}
