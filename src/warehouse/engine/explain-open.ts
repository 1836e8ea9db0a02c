import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodeOf, messageOf, StorageError } from '../../lib/errors.ts';
import { findLockHolder, LOCK_FILE } from './folder-lock.ts';

/**
 * Returns why the engine could not open `folder` and what to do, `busy` if another process has it open. The engine's own error
 * says nothing; it prints the reason on standard error.
 */
export async function explainOpenFailure(folder: string, error: unknown): Promise<StorageError> {
  if (!messageOf(error).includes('one active data directory')) {
    const holder = await findLockHolder(folder);
    if (holder !== undefined) return heldError(folder, `another Appflow process (${holder})`);
    if (await isLocked(folder))
      return heldError(folder, 'another Appflow process, which is not visible here (in a container?),');
  }
  const message = `Cannot open the event store in ${folder}: ${await findReason(folder, error)}`;
  return new StorageError('unavailable', message, error);
}

async function findReason(folder: string, error: unknown): Promise<string> {
  if (messageOf(error).includes('one active data directory'))
    return 'this process has another one open, and may have only one';
  const full = await findWriteFailure(folder);
  if (full !== undefined) return full;
  const definition = await findDamagedDefinition(folder);
  if (definition !== undefined)
    return `${definition}, which defines a table, is damaged. Put this file back from a backup, or restore the whole data folder`;
  return 'a file in it is damaged, or a newer release made it. The line of the engine above says which. Restore the data folder from a backup, or run that release';
}

/** Returns the error for a folder that another process has open. */
export function heldError(folder: string, holder: string): StorageError {
  const message = `Cannot open the event store in ${folder}: ${holder} is using it. Stop it, or set APPFLOW_DATA_DIR to another folder`;
  return new StorageError('busy', message);
}

/** Whether any process holds the lock, where `flock` of util-linux can say so: /proc/locks omits other containers. */
async function isLocked(folder: string): Promise<boolean> {
  const file = join(folder, LOCK_FILE);
  if ((await stat(file).catch(() => undefined)) === undefined) return false;
  return spawnSync('flock', ['--nonblock', file, 'true'], { stdio: 'ignore' }).status === 1;
}

const WRITE_FAILURES: Record<string, string> = {
  ENOSPC: 'the disk is full. Make room on it, and start again',
  EDQUOT: 'the disk quota is used up. Make room, and start again',
  EROFS: 'that file system is read-only. Mount it writable',
};

async function findWriteFailure(folder: string): Promise<string | undefined> {
  const file = join(folder, `write-test-${process.pid}`);
  try {
    await writeFile(file, Buffer.alloc(64 * 1024), { flush: true });
    return undefined;
  } catch (error) {
    return WRITE_FAILURES[errorCodeOf(error)] ?? `it cannot be written (${messageOf(error)})`;
  } finally {
    await rm(file, { force: true });
  }
}

/** Finds the first file that should define a table or database, and does not. */
async function findDamagedDefinition(folder: string): Promise<string | undefined> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names.filter((one) => one.endsWith('.sql'))) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    if (!/^ATTACH (?:TABLE|DATABASE) [\s\S]*^ENGINE = \w+/m.test(text)) return join(folder, name);
  }
  return undefined;
}
