import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { findServerUrl } from '../../server/server-url.ts';
import { findLockHolder } from '../../warehouse/engine/folder-lock.ts';

/**
 * Whether a server, or a command that opened the event store, visibly uses the data folder. One in another container is not visible:
 * `isControlInUse` and `openControlAlone` notice it too.
 */
export const isServerSeen = async (config: Pick<Config, 'dataDir'>): Promise<boolean> =>
  findServerUrl(config) !== undefined || (await findLockHolder(join(config.dataDir, 'events'))) !== undefined;
