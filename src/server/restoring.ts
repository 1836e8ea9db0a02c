import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM } from '../lib/program.ts';
import { downgradingFolder } from './snapshots/snapshots.ts';

/** Where `appflow restore` gathers a backup before it becomes the data folder's content. */
export const restoringFolder = (dataDir: string): string => join(dataDir, 'restoring');

/** Returns what to do if a restore or a downgrade of a data folder was interrupted; undefined if none was. */
export function findRestoringProblem(dataDir: string): string | undefined {
  if (existsSync(downgradingFolder(dataDir)))
    return `Going back to an earlier release in ${dataDir} is not complete. Run \`${PROGRAM} downgrade\` again.`;
  if (!existsSync(restoringFolder(dataDir))) return undefined;
  return (
    `Restoring a backup into ${dataDir} is not complete. Wait until \`appflow restore\` is done, or run the same command again. ` +
    `To start with an empty folder instead, delete ${dataDir}, but keep secrets/.`
  );
}
