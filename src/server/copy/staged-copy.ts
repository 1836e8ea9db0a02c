import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A copy of both stores as of one moment, in the data folder, because hard links need the same file system. */
export type StagedCopy = { folder: string; controlFile: string; eventsDir: string };

/** Where the copy is made. `copying/` also contains what a command and the server exchange. */
export const stagedCopyOf = (dataDir: string): StagedCopy => {
  const folder = join(dataDir, 'copying');
  return { folder, controlFile: join(folder, 'control.db'), eventsDir: join(folder, 'events') };
};

/** What a command asks of the server, and which process asks. */
export type CopyRequest = { id: string; pid: number };

/** The answer: the copy is complete, or why it cannot be made. */
export type CopyResult = { id: string; error?: string };

type Files = { owner: CopyRequest; request: CopyRequest; accepted: CopyRequest; result: CopyResult };

const fileOf = (folder: string, name: keyof Files) => join(folder, `${name}.json`);

/** Returns what is in one of the files of the copy; undefined if there is none, or none that is complete, as after a power failure. */
export function readNote<Name extends keyof Files>(folder: string, name: Name): Files[Name] | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(folder, name), 'utf8')) as Files[Name];
  } catch {
    return undefined;
  }
}

/** Writes one of the files, complete from the first moment on. Throws the system's error. */
export function writeNote<Name extends keyof Files>(folder: string, name: Name, note: Files[Name]): void {
  const draft = `${fileOf(folder, name)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(note), { mode: 0o600 });
  renameSync(draft, fileOf(folder, name));
}

/** Accepts the request, so that the command knows that a server answers it. Throws the system's error. */
export function acceptRequest(folder: string): void {
  renameSync(fileOf(folder, 'request'), fileOf(folder, 'accepted'));
}
