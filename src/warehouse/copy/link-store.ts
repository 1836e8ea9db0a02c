import type { Dirent } from 'node:fs';
import { copyFile, link, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodeOf } from '../../lib/errors.ts';
import { LOCK_FILE } from '../engine/folder-lock.ts';
import { listPartFolders } from '../integrity/parts.ts';
import { logFolder } from '../log/segments.ts';

/** Not copied: the lock of the engine, and what it leaves behind only by mistake. */
const LEFT_OUT = new Set([LOCK_FILE, 'tmp', 'detached']);
/** Files that are being written, and renamed when they are complete. */
const DRAFT = /\.draft$|\.json\.\d+$/;
/** Parts that are not complete yet, or are being removed. */
const UNFINISHED = /^(tmp|delete_tmp)/;

/**
 * Makes a copy of the event store in the folder `from`, which may be in use: an engine of its own can open the copy. Parts never change,
 * so they are hard links, which take no time and no space; everything else is small and copied. Without `hasLog`, events that are only in
 * the log are left out: the log changes while the store is in use. Rejects with the system's error.
 */
export async function linkStore(from: string, to: string, { hasLog }: { hasLog: boolean }): Promise<void> {
  const leftOut = new Set(hasLog ? [] : [logFolder(from)]);
  await copyFolder(from, to, 0, leftOut);
}

/** Tables are in `store/<three characters>/<UUID>`. */
const TABLE_DEPTH = 3;

async function copyFolder(
  from: string,
  to: string,
  depth: number,
  leftOut: ReadonlySet<string>,
): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  const isTable = depth === TABLE_DEPTH;
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (LEFT_OUT.has(entry.name) || DRAFT.test(entry.name) || leftOut.has(source)) continue;
    if (!entry.isDirectory()) await copyEntry(entry, source, copy);
    else if (!isTable) await copyFolder(source, copy, depth + 1, leftOut);
  }
  if (isTable) await linkParts(from, to);
}

async function copyEntry(entry: Dirent, from: string, to: string): Promise<void> {
  // As the engine writes links, they are relative.
  if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
  else await unlessGone(copyFile(from, to));
}

/** Lists again until nothing is new: a part that was merged meanwhile is in a new one. */
async function linkParts(from: string, to: string): Promise<void> {
  const tried = new Set<string>();
  for (;;) {
    const names = (await listPartFolders(from, '')).filter(
      (name) => !UNFINISHED.test(name) && !tried.has(name),
    );
    if (names.length === 0) return;
    for (const name of names) {
      tried.add(name);
      await linkPart(join(from, name), join(to, name)).catch(async (error: unknown) => {
        await rm(join(to, name), { recursive: true, force: true });
        if (errorCodeOf(error) !== 'ENOENT') throw error;
      });
    }
  }
}

async function linkPart(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkPart(source, copy);
    else await linkFile(source, copy);
  }
  // If it is being removed, some of its files may have been missing.
  await readdir(from);
}

/** Some file systems have no hard links. */
async function linkFile(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: unknown) => {
    if (errorCodeOf(error) === 'ENOENT') throw error;
    await copyFile(from, to);
  });
}

async function unlessGone(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
  });
}
