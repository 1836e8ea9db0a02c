import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Control } from '../control/control.ts';
import type { ControlPlace } from '../control/open.ts';
import { whenFree } from '../control/open-sqlite.ts';
import { newId } from '../lib/id.ts';
import { PROGRAM } from '../lib/program.ts';
import { fixOf, hasFiles, isMissing } from './data-dir.ts';
import { findMovedProblem, readMoved } from './moved.ts';
import { findRestoringProblem } from './restoring.ts';

/** The two stores of an installation: where the control database and the events are. */
export type StorePaths = {
  control: ControlPlace;
  eventsDir: string;
  /** Whether events are on a server; then the folder of each node has the ID only. */
  hasEventServer: boolean;
};

const SETTING = 'store_id';
/** Before the value in the control database until the file is written, so that a crash in between separates nothing. */
const PENDING = 'pending:';

const idFile = (eventsDir: string) => join(eventsDir, 'store-id');

/** Returns the id in the event store's folder; undefined without one. */
export function findEventsId(eventsDir: string): string | undefined {
  return existsSync(idFile(eventsDir)) ? readFileSync(idFile(eventsDir), 'utf8').trim() : undefined;
}

async function findControlId({ db }: Pick<Control, 'db'>): Promise<string | undefined> {
  // What is left of a database that was killed early and lost its write-ahead log has no tables yet.
  const tables = await db.introspection.getTables();
  if (!tables.some(({ name }) => name === 'settings')) return undefined;
  const row = await db.selectFrom('settings').select('value').where('name', '=', SETTING).executeTakeFirst();
  return row?.value;
}

/** Returns the id in the control database, also before it is written to the event store; undefined without one. */
export async function findStoreId(control: Pick<Control, 'db'>): Promise<string | undefined> {
  return (await findControlId(control))?.replace(PENDING, '');
}

/**
 * Returns why the stores of a data folder do not belong together and what to do; undefined if they do, or if neither is
 * marked yet. Changes nothing.
 */
export async function findPairProblem(
  control: Pick<Control, 'db'>,
  paths: StorePaths,
): Promise<string | undefined> {
  const stored = await findControlId(control);
  const eventsId = findEventsId(paths.eventsDir);
  const controlId = stored?.replace(PENDING, '');
  if (controlId === eventsId) return undefined;
  // The first start of another node.
  if (paths.hasEventServer && eventsId === undefined) return undefined;
  if (controlId === undefined) return explainForeignControl(paths);
  if (eventsId !== undefined) return explainMismatch(paths, controlId);
  if (stored?.startsWith(PENDING)) return undefined;
  return hasFiles(paths.eventsDir) ? explainUnmarked(paths, controlId) : explainNoEvents(paths, controlId);
}

/**
 * Marks both stores with the same id at the first start, of an older data folder too. Throws an error with the fix if one
 * is missing or belongs to another installation: a start with half of the data would look like a new installation.
 */
export async function requirePair(control: Pick<Control, 'db'>, paths: StorePaths): Promise<void> {
  const problem = await findPairProblem(control, paths);
  if (problem !== undefined) throw new Error(problem);
  const stored = await findControlId(control);
  const isMarked = stored !== undefined && !stored.startsWith(PENDING);
  if (isMarked && findEventsId(paths.eventsDir) !== undefined) return;
  const id = isMarked ? stored : await reserveId(control);
  markEvents(paths, id);
  if (!isMarked) await saveId(control, id);
}

function markEvents({ eventsDir }: StorePaths, id: string): void {
  try {
    mkdirSync(eventsDir, { recursive: true });
    writeFileSync(idFile(eventsDir), `${id}\n`, { mode: 0o600, flush: true });
  } catch (error) {
    throw new Error(`The event store in ${eventsDir}: ${fixOf(error)}`, { cause: error });
  }
}

/** Returns the id to write. Of two processes that start for the first time together, both get the same one. */
async function reserveId(control: Pick<Control, 'db'>): Promise<string> {
  const value = PENDING + newId('store');
  await whenFree(() =>
    control.db
      .insertInto('settings')
      .values({ name: SETTING, value })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute(),
  );
  return (await findControlId(control))?.replace(PENDING, '') ?? '';
}

async function saveId({ db }: Pick<Control, 'db'>, value: string): Promise<void> {
  await whenFree(() =>
    db
      .insertInto('settings')
      .values({ name: SETTING, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute(),
  );
}

/**
 * Returns why a data folder does not fit its control database, and what to do; undefined if it does: it has events but no
 * database, a database that is not used, it was moved to servers, or a restore is not complete.
 */
export function findControlProblem(paths: StorePaths): string | undefined {
  const { control, eventsDir } = paths;
  const problem = findRestoringProblem(dirname(control.file)) ?? findMovedProblem(paths);
  if (problem !== undefined) return problem;
  // An empty database in PostgreSQL is noticed once it is open: it lacks the id of the events.
  if (control.url !== undefined) return findUnusedFile(control);
  if (!isMissing(control.file) || !hasFiles(eventsDir)) return undefined;
  return (
    `${control.file} is missing or empty, but there are events in ${eventsDir}. Restore it, with secrets/appflow-secret, ` +
    `from a backup. To start over without its projects, keys and people, move ${eventsDir} elsewhere.`
  );
}

/** Its projects and keys would silently be ignored. */
function findUnusedFile({ file }: ControlPlace): string | undefined {
  if (isMissing(file) || readMoved(dirname(file))?.control) return undefined;
  return (
    `DATABASE_URL is set, but ${file} contains projects, keys and people. Unset DATABASE_URL to use them, or move them with \`${PROGRAM} move\`. ` +
    'To start over, set APPFLOW_DATA_DIR to a new folder.'
  );
}

/** Throws an error with the fix if there are events, but no control database, or if the one in the folder would be ignored. */
export function requireControlFile(paths: StorePaths): void {
  const problem = findControlProblem(paths);
  if (problem !== undefined) throw new Error(problem);
}

const explainNoEvents = ({ control, eventsDir }: StorePaths, id: string) =>
  `${eventsDir} is missing or empty, but ${control.name} says that there are events. Restore it from a backup. ` +
  `To continue without these events, run: mkdir -p ${eventsDir} && echo ${id} > ${idFile(eventsDir)}. ` +
  `To start over, ${control.startOver}.`;

const explainUnmarked = ({ control, eventsDir }: StorePaths, id: string) =>
  `${idFile(eventsDir)} is missing, so it is unknown whether these events belong to ${control.name}. ` +
  `Restore the data folder from a backup. If they do belong together, run: echo ${id} > ${idFile(eventsDir)}`;

const explainMismatch = ({ control, eventsDir }: StorePaths, id: string) =>
  `${control.name} and ${eventsDir} belong to different installations, or ${idFile(eventsDir)} is damaged. Restore both ` +
  `from the same backup. If they do belong together, run: echo ${id} > ${idFile(eventsDir)}`;

const explainForeignControl = ({ control, eventsDir }: StorePaths) =>
  `${control.name} is not the one that the events in ${eventsDir} belong to. Restore it, with secrets/appflow-secret, ` +
  `from a backup. To start over, move ${eventsDir} elsewhere. If they do belong together, remove ${idFile(eventsDir)}.`;
