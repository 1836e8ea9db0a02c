import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorCodeOf } from '../../lib/errors.ts';
import { syncFolder } from '../../warehouse/log/segments.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Content } from './copy-parts.ts';

/** The folder that backups are in. Each is a folder with a name. All methods reject with the system's error. */
export type BackupDestination = {
  /** How messages refer to a backup: its path. */
  describe(name: string): string;
  /** Returns the names of all backups, incomplete ones too, oldest first. */
  list(): Promise<string[]>;
  /** Returns a small file of a backup; undefined if there is none. */
  readText(name: string, path: string): Promise<string | undefined>;
  /** Returns a file of a backup, whose first chunk rejects if there is none. */
  read(name: string, path: string): Content;
  /** Stores a file, on disk when the promise resolves. */
  write(name: string, path: string, content: Content): Promise<void>;
  /** Stores a small file so that it is there as a whole or not at all. */
  publish(name: string, path: string, text: string): Promise<void>;
  remove(name: string, path?: string): Promise<void>;
};

/** Returns the destination as it is written on the command line; the folder is created with the first backup. Throws UsageError if it is a URL. */
export function openDestination(text: string): BackupDestination {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw new UsageError(
      `${text} is a URL. Back up to a folder, and copy it there with a tool such as rclone.`,
    );
  const folder = resolve(text);
  return {
    describe: (name) => join(folder, name),
    async list() {
      const entries = await orMissing(readdir(folder, { withFileTypes: true }));
      return (entries ?? [])
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .toSorted();
    },
    readText: (name, path) => orMissing(readFile(join(folder, name, path), 'utf8')),
    read: (name, path) => createReadStream(join(folder, name, path)),
    write: (name, path, content) => writeSynced(join(folder, name, path), content),
    async publish(name, path, text) {
      const file = join(folder, name, path);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const handle = await open(`${file}.draft`, 'w', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await syncFolders(join(folder, name));
      await rename(`${file}.draft`, file);
      await syncFolder(dirname(file));
      await syncFolder(folder);
    },
    remove: (name, path = '') => rm(join(folder, name, path), { recursive: true, force: true }),
  };
}

/** Writes a file and its folders. The content is on disk when the promise resolves, its name once `syncFolders` has run. */
export async function writeSynced(file: string, content: Content): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await pipeline(content, createWriteStream(file, { mode: 0o600, flush: true }));
}

/** Makes the names of everything in a folder durable. Rejects with the system's error. */
export async function syncFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isDirectory()) await syncFolder(join(entry.parentPath, entry.name));
  await syncFolder(folder);
}

async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
