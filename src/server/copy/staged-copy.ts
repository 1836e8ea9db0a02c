import { readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodeOf } from '../../lib/errors.ts';

/** A copy of both stores as of one moment, in the data folder, because hard links need the same file system. */
export type StagedCopy = { folder: string; controlFile: string; eventsDir: string };

/** Where copies are made, and what a command and the server exchange. */
export const copyingFolder = (dataDir: string): string => join(dataDir, 'copying');

/** Where the copy for a request is made: the server may still be at the one of a command that was killed. */
export const stagedCopyOf = (dataDir: string, id: string): StagedCopy => {
  const folder = join(copyingFolder(dataDir), id);
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

/** Removes the request. Returns whether it was still there: otherwise a server has accepted it. */
export function withdrawRequest(folder: string): boolean {
  return isDone(() => unlinkSync(fileOf(folder, 'request')));
}

/** Accepts the request, so that the command knows that a server answers it, and returns it; undefined if there is none. */
export function acceptRequest(folder: string): CopyRequest | undefined {
  const isAccepted = isDone(() => renameSync(fileOf(folder, 'request'), fileOf(folder, 'accepted')));
  return isAccepted ? readNote(folder, 'accepted') : undefined;
}

/** Returns false if the file is not there: of the command and the server, only one gets the request. */
function isDone(change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
