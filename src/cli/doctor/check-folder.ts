import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { FREE_BYTES_MIN, toMegabytes } from '../../disk/space.ts';
import { findRightsWarning, isOpenToOthers } from '../../server/data-dir.ts';
import { type Finding, failed, failedBy, ok, warning } from './finding.ts';

const MEGABYTE = 1024 * 1024;
const FREE_WARNING_MB = 2_048;
const FREE_FAILED_MB = 256;
const EVENTS_REFUSED = `events are refused when less than ${toMegabytes(FREE_BYTES_MIN)} are free`;

/** Checks that the data folder exists, can be read and written, is private, and has free space. */
export function checkFolder({ dataDir }: Config): Finding[] {
  const check = 'data folder';
  if (!existsSync(dataDir)) {
    return [warning(check, `${dataDir} does not exist yet; the first start makes it.`)];
  }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return [
      failed(
        check,
        `${dataDir} cannot be read and written by this user: give it to the user Appflow runs as.`,
      ),
    ];
  }
  return [checkRights(dataDir), checkSpace(dataDir)];
}

function checkRights(dataDir: string): Finding {
  const check = 'data folder rights';
  const secrets = [join(dataDir, 'secrets'), join(dataDir, 'secrets', 'appflow-secret')];
  const open = secrets.find((path) => existsSync(path) && isOpenToOthers(path));
  if (open) return failed(check, `Others can read ${open}: run chmod -R go= ${join(dataDir, 'secrets')}.`);
  const rights = findRightsWarning(dataDir);
  return rights === undefined
    ? ok(check, `Only this user can look into ${dataDir}.`)
    : warning(check, rights);
}

function checkSpace(dataDir: string): Finding {
  const check = 'free disk';
  try {
    const { bavail, bsize } = statfsSync(dataDir);
    const freeMb = Math.floor((bavail * bsize) / MEGABYTE);
    const message = `${freeMb.toLocaleString('en')} MB are free where ${dataDir} is.`;
    if (freeMb < FREE_FAILED_MB) return failed(check, `${message} Make room: ${EVENTS_REFUSED}.`);
    return freeMb < FREE_WARNING_MB ? warning(check, `${message} Make room soon.`) : ok(check, message);
  } catch (error) {
    return failedBy(check, error);
  }
}
