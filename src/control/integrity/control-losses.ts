import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isChanged } from './file-sum.ts';
import { lacksCommits } from './lost-commits.ts';
import { lacksLog } from './open-mark.ts';

const ACCEPT = 'Then run `bin/appflow doctor --accept-loss` to stop this warning.';
const lossesFile = (file: string) => `${file}-losses`;

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

/**
 * Records what `listNewLosses` finds, because opening the database removes the traces. `list` returns all losses that
 * were not accepted yet, as sentences with what to do.
 */
export function openLosses(file: string): { list: () => string[] } {
  const losses = [...new Set([...listLosses(file), ...listNewLosses(file)])];
  if (losses.length === 0) return { list: () => [] };
  try {
    writeFileSync(lossesFile(file), `${losses.join('\n')}\n`, { mode: 0o600, flush: true });
  } catch {
    // On a full disk they last as long as this process.
    return { list: () => losses };
  }
  return { list: () => (existsSync(lossesFile(file)) ? losses : []) };
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
