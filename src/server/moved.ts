import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Control } from '../control/control.ts';
import { findMoving } from '../control/move-control.ts';
import type { ControlPlace } from '../control/open.ts';
import { PROGRAM } from '../lib/program.ts';

/** What was moved out of a data folder, and when (RFC 3339). What is moved stays in the folder, but is no longer used. */
export type Moved = { control: boolean; events: boolean; at: string };

type MarkedPlaces = { control: Pick<ControlPlace, 'file' | 'url'>; hasEventServer: boolean };

const markOf = (dataDir: string) => join(dataDir, 'moved.json');

/** Returns what was moved out of a data folder; undefined if nothing was. Throws the system's error. */
export function readMoved(dataDir: string): Moved | undefined {
  const file = markOf(dataDir);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Moved) : undefined;
}

/** Marks a data folder, so that no server uses what was moved. Throws the system's error. */
export function markMoved(dataDir: string, moved: Moved): void {
  const draft = `${markOf(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(moved)}\n`, { mode: 0o600, flush: true });
  renameSync(draft, markOf(dataDir));
}

/** Removes the mark. */
export function unmarkMoved(dataDir: string): void {
  rmSync(markOf(dataDir), { force: true });
}

/** Returns what to do if the configuration uses what was moved out of the data folder; undefined if it doesn't. */
export function findMovedProblem({ control, hasEventServer }: MarkedPlaces): string | undefined {
  const dataDir = dirname(control.file);
  const moved = readMoved(dataDir);
  if (moved === undefined) return undefined;
  const missing: string[] = [];
  if (moved.control && control.url === undefined) missing.push('DATABASE_URL');
  if (moved.events && !hasEventServer) missing.push('CLICKHOUSE_URL');
  if (missing.length === 0) return undefined;
  return (
    `This installation was moved to servers (${moved.at}). Set ${missing.join(' and ')} as in the file that \`appflow move\` was run with. ` +
    `To use what is in ${dataDir} again, without what was stored since then, delete ${markOf(dataDir)}.`
  );
}

/** Returns what to do if a database is the target of a move that is not complete; undefined if it isn't. Rejects with StorageError. */
export async function findUnfinishedMove({ db }: Pick<Control, 'db'>): Promise<string | undefined> {
  if ((await findMoving(db)) === undefined) return undefined;
  return `Moving to DATABASE_URL's database is not complete. Run \`${PROGRAM} move\` again where it began, or use another database.`;
}
