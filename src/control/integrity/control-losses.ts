import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { PROGRAM } from '../../lib/program.ts';
import { isChanged } from './file-sum.ts';
import { lacksCommits } from './lost-commits.ts';
import { lacksLog } from './open-mark.ts';

/** What to do after the fix of a loss. */
export const ACCEPT = `Then run \`${PROGRAM} doctor --accept-loss\` to stop this warning.`;
/** The file with the losses of a database that were not accepted yet. */
export const lossesFile = (file: string) => `${file}-losses`;

/** Returns what is wrong with a database that is not open yet, as sentences with what to do. Changes nothing. */
export function listNewLosses(file: string): string[] {
  const losses: string[] = [];
  if (lacksCommits(file) || lacksLog(file)) {
    losses.push(
      `The write-ahead log ${file}-wal is missing or damaged: the last changes to the control database are lost. A key ` +
        `revoked just before the last stop may work again. Check the API keys, members and audit log. ${ACCEPT}`,
    );
  }
  if (isChanged(file)) {
    losses.push(
      `${file} is not as Appflow left it: the disk damaged it, or something else wrote to it. Restore the data folder ` +
        `from a backup, unless you changed it yourself. ${ACCEPT}`,
    );
  }
  return losses;
}

/** The losses of an open database that were not accepted yet. */
export type Losses = {
  /** Returns them as sentences with what to do. */
  list: () => string[];
  /** Records another one. Returns whether it is on disk, so that the next start reports it too. */
  add: (loss: string) => boolean;
};

/** Records the losses that were `found`, because opening the database removes their traces. */
export function openLosses(file: string, found: readonly string[]): Losses {
  const losses = new Set(found);
  let isRecorded = losses.size === 0 || recordLosses(file, losses);
  return {
    // On a full disk they last as long as this process.
    list: () => (isRecorded && !existsSync(lossesFile(file)) ? [] : [...losses]),
    add(loss) {
      // What was accepted meanwhile is not reported again.
      const unaccepted = new Set([...listLosses(file), loss]);
      if (isRecorded) losses.clear();
      for (const one of unaccepted) losses.add(one);
      isRecorded = recordLosses(file, losses);
      return isRecorded;
    },
  };
}

function recordLosses(file: string, losses: ReadonlySet<string>): boolean {
  try {
    writeFileSync(lossesFile(file), `${[...losses].join('\n')}\n`, { mode: 0o600, flush: true });
    return true;
  } catch {
    return false;
  }
}

/** Returns the recorded losses that were not accepted yet, as sentences with what to do. */
export function listLosses(file: string): string[] {
  if (!existsSync(lossesFile(file))) return [];
  return readFileSync(lossesFile(file), 'utf8').split('\n').filter(Boolean);
}

/** Accepts all losses: keeps their file under another name, which is returned; undefined if there are none. */
export function acceptControlLosses(file: string, now: Date): string | undefined {
  if (!existsSync(lossesFile(file))) return undefined;
  const kept = `${lossesFile(file)}-accepted-${now.toISOString().replaceAll(':', '-')}`;
  renameSync(lossesFile(file), kept);
  return kept;
}
