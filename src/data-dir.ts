import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCodeOf, messageOf } from './lib/storage-error.ts';

/** The parts of a data folder. */
export type DataDir = {
  controlFile: string;
  eventsDir: string;
  secretFile: string;
  /** Nothing was stored in it yet: only then may a secret be made. */
  isNew: boolean;
  /** What to do when others may look into the folder; undefined when only its owner may. */
  rightsWarning: string | undefined;
};

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;

/**
 * Makes the data folder and its parts with the rights they need: nobody else reads the keys, the events or the secret.
 * From here on this process gives its owner alone the right to what it makes. A folder that was there before keeps its
 * rights, as it may hold other things that others need. Throws, saying what to do, when the folder cannot be made.
 */
export function prepareDataDir(dataDir: string): DataDir {
  const secretsDir = join(dataDir, 'secrets');
  const controlFile = join(dataDir, 'control.db');
  process.umask(0o077);
  try {
    mkdirSync(secretsDir, { recursive: true, mode: OWNER_ONLY });
    // This one is Appflow's own, and one that was there before keeps its rights unless they are set.
    chmodSync(secretsDir, OWNER_ONLY);
  } catch (error) {
    throw new Error(`APPFLOW_DATA_DIR is ${dataDir}: ${cureOf(rootCause(error, dataDir))}`, { cause: error });
  }
  return {
    controlFile,
    eventsDir: join(dataDir, 'events'),
    secretFile: join(secretsDir, 'appflow-secret'),
    // Before anybody looks for the secret: who is first makes the secret, then the database.
    isNew: !existsSync(controlFile),
    rightsWarning: findRightsWarning(dataDir),
  };
}

/** Returns what to do when others may look into a folder that is there; undefined when only its owner may. */
export function findRightsWarning(dataDir: string): string | undefined {
  if (!isOpenToOthers(dataDir)) return undefined;
  return `Others can look into ${dataDir}: run chmod go= ${dataDir}, unless they need it.`;
}

/** Whether anybody but its owner has any right to a file or folder that is there. */
export function isOpenToOthers(path: string): boolean {
  return (statSync(path).mode & OTHERS) !== 0;
}

/** Making a folder in a read-only file system, Node says ENOENT of the part it was asked for, not why. */
function rootCause(error: unknown, dataDir: string): unknown {
  let existing = resolve(dataDir);
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK);
    return error;
  } catch (cause) {
    return cause;
  }
}

const CURES: Record<string, string> = {
  EEXIST: 'that is a file. Name a folder.',
  ENOTDIR: 'a part of that path is a file. Name a folder.',
  EACCES: 'this user may not write there. Give it the right to, or name another folder.',
  EPERM: 'this user may not change it. Make this user its owner, or name another folder.',
  EROFS: 'that file system is read-only. Mount it writable, or name another folder.',
  ENOSPC: 'the disk is full. Make room on it, or name another folder.',
  EDQUOT: 'the disk quota is used up. Make room, or name another folder.',
};

/** Returns what to do about an error of the file system in the data folder. */
export function cureOf(error: unknown): string {
  const code = errorCodeOf(error);
  return CURES[code] ?? `it cannot be used (${messageOf(error)}).`;
}
