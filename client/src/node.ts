import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createId } from './runtime/id.ts';
import type { AppflowStorage } from './runtime/storage.ts';
import { mergeSavedStates } from './tracker/saved-state.ts';

/**
 * Returns a storage that keeps each item in a file in `folder`, which is created if missing: for trackers in Node, Deno and
 * Bun. Writes go to a temporary file that is renamed, so a killed process leaves either the old or the new file intact.
 * Processes may share the folder: each writes its own file, and takes over those of others when it starts.
 * @example
 * ```ts
 * import { Appflow } from '@appflow/client';
 * import { createFileStorage } from '@appflow/client/node';
 *
 * const storage = createFileStorage('./appflow-queue');
 * const appflow = new Appflow({ apiKey: 'ck_af1_…', baseUrl: 'http://127.0.0.1:8080', appId: 'app_…', storage });
 * appflow.track('job_done');
 * await appflow.shutdown();
 * ```
 */
export function createFileStorage(folder: string): AppflowStorage {
  const owner = createId(Date.now());
  const opened = new Map<string, Promise<string>>();

  /** Returns the item's file; on first use, takes over the files of other processes. */
  function open(key: string): Promise<string> {
    const file = opened.get(key) ?? takeOver(folder, `${encodeURIComponent(key)}@`, owner);
    opened.set(key, file);
    file.catch(() => opened.delete(key));
    return file;
  }

  return {
    getItem: async (key) => ifExists(readFile(await open(key), 'utf8')),
    setItem: async (key, value) => writeAtomically(await open(key), value),
    removeItem: async (key) => rm(await open(key), { force: true }),
  };
}

/** The number of files this process has taken over. */
let renames = 0;

/**
 * Merges the other files of an item into the owner's file, and returns its path. Their processes may still be running: they
 * have their events in memory and write them again, and events that two processes send have the same IDs. Files are renamed
 * before the read that counts, so that nothing written in between is deleted unread; the text read before the rename is used
 * if another process renamed the file first.
 */
async function takeOver(folder: string, prefix: string, owner: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
  const texts: string[] = [];
  const taken: string[] = [];
  // Sorted by process start: the last file determines the user.
  for (const name of names.sort()) {
    const file = join(folder, name);
    // Always a new name: files that an earlier attempt could not merge still exist.
    renames += 1;
    const renamed = join(folder, `${prefix}${owner}-${String(renames).padStart(6, '0')}.json`);
    const before = await ifExists(readFile(file, 'utf8'));
    await ifExists(rename(file, renamed));
    taken.push(renamed);
    const text = (await ifExists(readFile(renamed, 'utf8'))) ?? before;
    if (text !== null) texts.push(text);
  }
  const own = join(folder, `${prefix}${owner}.json`);
  const merged = mergeSavedStates(texts);
  if (merged !== undefined) await writeAtomically(own, merged);
  for (const file of taken) await rm(file, { force: true });
  return own;
}

async function writeAtomically(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** Returns null if the file does not exist. */
async function ifExists<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
