import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeId } from './runtime/id.ts';
import type { AppflowStorage } from './runtime/storage.ts';
import { joinSaved } from './tracker/saved-state.ts';

/**
 * Returns a storage that keeps each item in a file of `folder`, which is made when needed: for trackers in Node, Deno and
 * Bun. A file is written aside and renamed, so a process that is killed leaves the former one or the new one, whole.
 * Processes may share the folder: each writes a file of its own, and takes over the others' when it starts.
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
  const owner = makeId(Date.now());
  const opened = new Map<string, Promise<string>>();

  /** Returns the item's file, the first time after what others left was taken over. */
  function open(key: string): Promise<string> {
    const file = opened.get(key) ?? takeOver(folder, `${encodeURIComponent(key)}@`, owner);
    opened.set(key, file);
    file.catch(() => opened.delete(key));
    return file;
  }

  return {
    getItem: async (key) => find(readFile(await open(key), 'utf8')),
    setItem: async (key, value) => writeWhole(await open(key), value),
    removeItem: async (key) => rm(await open(key), { force: true }),
  };
}

/** How many files this process has taken over. */
let renames = 0;

/**
 * Joins what the other files of an item hold into the owner's, and returns that. It does not matter whether their processes
 * are still there: one that is has its events in memory and writes them again, and events that two of them send have the
 * same ids. Renaming comes before reading for good, so that nothing written in between is removed unread; a text read
 * before it serves when another process was faster.
 */
async function takeOver(folder: string, prefix: string, owner: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
  const texts: string[] = [];
  const taken: string[] = [];
  // By the time their processes started: the last says who it is.
  for (const name of names.sort()) {
    const file = join(folder, name);
    // Never a name it had before: what an earlier try could not join is still there.
    renames += 1;
    const mine = join(folder, `${prefix}${owner}-${String(renames).padStart(6, '0')}.json`);
    const before = await find(readFile(file, 'utf8'));
    await find(rename(file, mine));
    taken.push(mine);
    const text = (await find(readFile(mine, 'utf8'))) ?? before;
    if (text !== null) texts.push(text);
  }
  const own = join(folder, `${prefix}${owner}.json`);
  const joined = joinSaved(texts);
  if (joined !== undefined) await writeWhole(own, joined);
  for (const file of taken) await rm(file, { force: true });
  return own;
}

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** Returns null where there is no such file. */
async function find<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
