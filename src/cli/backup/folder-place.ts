import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorCodeOf } from '../../lib/errors.ts';
import { syncFolder } from '../../warehouse/log/segments.ts';
import type { BackupPlace } from './backup-place.ts';
import type { Content } from './copy-parts.ts';

/** Returns backups in a folder, which is created when one is written. Rejects with the system's error. */
export function openFolder(folder: string): BackupPlace {
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
    read: async (name, path) => createReadStream(join(folder, name, path)),
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
