import { existsSync, rmSync } from 'node:fs';
import { type ControlSnapshot, openControlSnapshot } from '../../control/copy-sqlite.ts';
import { messageOf } from '../../lib/errors.ts';
import { isAlive } from '../../lib/is-alive.ts';
import type { Log } from '../../lib/log.ts';
import { runPeriodically } from '../../lib/periodic.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import {
  acceptRequest,
  copyingFolder,
  readNote,
  type StagedCopy,
  stagedCopyOf,
  writeNote,
} from './staged-copy.ts';

type AnswerOptions = {
  dataDir: string;
  controlFile: string;
  warehouse: Pick<Warehouse, 'copyTo'>;
  log: Log;
};

/** Looking for a file takes microseconds. */
const CHECK_MS = 200;

/**
 * Copies both stores whenever a command asks for it (`stageCopy`). The command reads the data folder as this process does, so a file in it is
 * enough of a permission. Returns the function that stops it.
 */
export function answerCopyRequests({ dataDir, log, ...stores }: AnswerOptions): () => Promise<void> {
  removeAbandoned(dataDir, log);
  const folder = copyingFolder(dataDir);
  return runPeriodically({
    everyMs: CHECK_MS,
    async run() {
      const request = existsSync(folder) ? acceptRequest(folder) : undefined;
      if (request === undefined) return;
      const staged = stagedCopyOf(dataDir, request.id);
      const error = await copyBoth(staged, stores).then(() => undefined, messageOf);
      // First: it may be what has filled the disk.
      if (error !== undefined) rmSync(staged.folder, { recursive: true, force: true });
      writeNote(folder, 'result', error === undefined ? { id: request.id } : { id: request.id, error });
    },
    onError: (err) => log.warn({ err }, 'a copy of the data folder could not be made'),
  });
}

/** The hard links of a command that was killed would keep deleted files on the disk. Logs a failure: it must not stop a start. */
function removeAbandoned(dataDir: string, log: Log): void {
  const folder = copyingFolder(dataDir);
  const owner = readNote(folder, 'owner');
  // In a container, this server may have the process ID of the command.
  if (owner !== undefined && owner.pid !== process.pid && isAlive(owner.pid)) return;
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (err) {
    log.warn({ err }, `${folder} could not be removed`);
  }
}

async function copyBoth(
  staged: StagedCopy,
  { warehouse, controlFile }: Pick<AnswerOptions, 'warehouse' | 'controlFile'>,
): Promise<void> {
  let snapshot: ControlSnapshot | undefined;
  try {
    // After the events: whatever they belong to is in the snapshot too, and its revision is not older than the one they note.
    await warehouse.copyTo(staged.eventsDir, async () => {
      snapshot = openControlSnapshot(controlFile);
    });
    await snapshot?.copyTo(staged.controlFile);
  } finally {
    snapshot?.close();
  }
}
