import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { errorCodeOf, messageOf } from '../lib/errors.ts';

type DataDirConfig = Pick<Config, 'dataDir' | 'databaseUrl'>;

/** The paths in a data folder, and its state before this start. */
export type DataDir = {
  eventsDir: string;
  secretFile: string;
  /** Whether nothing is stored in it yet: only then may a new secret be created. */
  isNew: boolean;
  /** What to do if other users can read the folder; undefined if only its owner can. */
  rightsWarning: string | undefined;
};

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;

/**
 * Creates the data folder and its parts so that only their owner can read the keys, events and secret, and sets this
 * process's umask to match. An existing data folder keeps its permissions, because other users may need other files in
 * it. Throws an error with the fix when the folder cannot be created.
 */
export function prepareDataDir({ dataDir, databaseUrl }: DataDirConfig): DataDir {
  const secretsDir = join(dataDir, 'secrets');
  const eventsDir = join(dataDir, 'events');
  process.umask(0o077);
  try {
    createFolders(secretsDir);
    // This folder is Appflow's own, and mkdir does not change the permissions of an existing one.
    chmodSync(secretsDir, OWNER_ONLY);
  } catch (error) {
    throw new Error(`APPFLOW_DATA_DIR is ${dataDir}: ${fixOf(rootCause(error, dataDir))}`, { cause: error });
  }
  return {
    eventsDir,
    secretFile: join(secretsDir, 'appflow-secret'),
    // Read before the secret is: the first process to start creates the secret first and the database second.
    // With PostgreSQL, it turns out once that is open whether the secret is the right one.
    isNew: databaseUrl === undefined ? isMissing(join(dataDir, 'control.db')) : !hasFiles(eventsDir),
    rightsWarning: findRightsWarning(dataDir),
  };
}

/**
 * Creates a folder and its missing parents for their owner only, one by one: `mkdirSync` with `recursive` never returns where the file system
 * answers ENOENT for a new folder, as /proc does.
 */
export function createFolders(path: string): void {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode: OWNER_ONLY });
    } catch (error) {
      // Another process that starts now may have created it.
      if (errorCodeOf(error) !== 'EEXIST') throw error;
    }
  }
}

/** Whether a folder exists and contains anything. */
export function hasFiles(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** Whether there is no database: a file without content is what an interrupted first start leaves, or a damaged one. */
export function isMissing(file: string): boolean {
  return !existsSync(file) || statSync(file).size === 0;
}

/** Returns what to do if other users can read an existing folder; undefined if only its owner can. */
export function findRightsWarning(dataDir: string): string | undefined {
  if (!isOpenToOthers(dataDir)) return undefined;
  return `Other users can read ${dataDir}. Run chmod go= ${dataDir}, unless they need access.`;
}

/** Whether an existing file or folder gives any permission to users other than its owner. */
export function isOpenToOthers(path: string): boolean {
  return (statSync(path).mode & OTHERS) !== 0;
}

/** Returns the real reason: in a read-only file system, Node reports ENOENT for the folder instead of EROFS. */
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

const FIXES: Record<string, string> = {
  EEXIST: 'this path is a file. Use a folder.',
  ENOTDIR: 'part of this path is a file. Use a folder.',
  ENOENT: 'folders cannot be created there. Use another folder.',
  EACCES: 'this user cannot write there. Grant write access, or use another folder.',
  EPERM: 'this user cannot change it. Make this user its owner, or use another folder.',
  EROFS: 'the file system is read-only. Remount it as writable, or use another folder.',
  ENOSPC: 'the disk is full. Free up space, or use another folder.',
  EDQUOT: 'the disk quota is exceeded. Free up space, or use another folder.',
};

/** Returns the fix for a file-system error in the data folder. */
export function fixOf(error: unknown): string {
  const code = errorCodeOf(error);
  return FIXES[code] ?? `it cannot be used (${messageOf(error)}).`;
}
