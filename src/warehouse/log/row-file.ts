import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodeOf, StorageError } from '../../lib/errors.ts';
import { rowsInFile, type WithRows } from '../rows/row-source.ts';

const FILE = 'inserting.rows';
/** The engine treats a path with one of these characters as a pattern. */
const PATTERN = /[*?{}]/;

/** Returns `WithRows` by files in `folder`. */
export const rowFileIn =
  (folder: string): WithRows =>
  (parts, work) =>
    withRowFile(folder, parts, (path) => work(rowsInFile(path)));

/**
 * Runs `work` with the path of a file in `folder` that contains rows in bytes, and resolves or rejects as it does; `work`
 * must not settle while the file is read. One at a time. On Linux the file has no name, so a kill leaves nothing
 * behind. It is not synced: the rows are in the log. Rejects with StorageError `unavailable` if it cannot be written.
 */
export async function withRowFile(
  folder: string,
  parts: readonly Buffer[],
  work: (path: string) => Promise<void>,
): Promise<void> {
  const path = join(folder, FILE);
  const file = await openFile(folder, path).catch(rethrow);
  try {
    await write(file, parts).catch(rethrow);
    await work(isUnnamed ? `/proc/self/fd/${file.fd}` : requireLiteral(path));
  } finally {
    await file.close();
    if (!isUnnamed) await rm(path, { force: true });
  }
}

const isUnnamed = process.platform === 'linux';

async function openFile(folder: string, path: string): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await open(path, 'w+', 0o600);
  if (isUnnamed) await rm(path, { force: true });
  return file;
}

async function write(file: FileHandle, parts: readonly Buffer[]): Promise<void> {
  let at = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      const { bytesWritten } = await file.write(part, from, part.length - from, at);
      from += bytesWritten;
      at += bytesWritten;
    }
  }
}

function requireLiteral(path: string): string {
  if (!PATTERN.test(path)) return path;
  throw new StorageError('unavailable', `The data folder's path contains *, ?, { or }: ${path}. Move it`);
}

function rethrow(error: unknown): never {
  const reason =
    errorCodeOf(error) === 'ENOSPC' ? 'the disk is full; make room, then it works again' : 'see its cause';
  throw new StorageError('unavailable', `The rows to insert cannot be written: ${reason}`, error);
}
