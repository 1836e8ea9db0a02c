import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { FREE_BYTES_MIN, toMegabytes } from '../../disk/space.ts';
import { findRightsWarning, isOpenToOthers } from '../../server/data-dir.ts';
import { type Finding, failed, failedBy, ok, warning } from './finding.ts';

const MEGABYTE = 1_000_000;
const FREE_WARNING_MB = 2_048;
const FREE_FAILED_MB = 256;
const EVENTS_REFUSED = `events are refused below ${toMegabytes(FREE_BYTES_MIN)}`;

/** Checks that the data folder exists, can be read and written, is private, and has free space. */
export function checkFolder({ dataDir }: Config): Finding[] {
  const check = 'data folder';
  if (!existsSync(dataDir)) {
    return [warning(check, `${dataDir} does not exist yet. The first start creates it.`)];
  }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return [
      failed(
        check,
        `This user cannot read and write ${dataDir}. Make the user that Appflow runs as its owner.`,
      ),
    ];
  }
  return [checkRights(dataDir), checkSpace(dataDir)];
}

function checkRights(dataDir: string): Finding {
  const check = 'data folder permissions';
  const secrets = [join(dataDir, 'secrets'), join(dataDir, 'secrets', 'appflow-secret')];
  const open = secrets.find((path) => existsSync(path) && isOpenToOthers(path));
  if (open)
    return failed(check, `Other users can read ${open}. Run chmod -R go= ${join(dataDir, 'secrets')}.`);
  const rights = findRightsWarning(dataDir);
  return rights === undefined ? ok(check, `Only this user can read ${dataDir}.`) : warning(check, rights);
}

function checkSpace(dataDir: string): Finding {
  const check = 'free disk';
  try {
    const { bavail, bsize } = statfsSync(dataDir);
    const freeMb = Math.floor((bavail * bsize) / MEGABYTE);
    const message = `${freeMb.toLocaleString('en')} MB are free on the disk of ${dataDir}.`;
    if (freeMb < FREE_FAILED_MB) return failed(check, `${message} Free up space: ${EVENTS_REFUSED}.`);
    return freeMb < FREE_WARNING_MB ? warning(check, `${message} Free up space soon.`) : ok(check, message);
  } catch (error) {
    return failedBy(check, error);
  }
}
