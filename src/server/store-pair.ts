import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Control, whenFree } from '../control/open.ts';
import { newId } from '../lib/id.ts';
import { fixOf, isMissing } from './data-dir.ts';

/** The two stores of a data folder, by their paths. */
export type StorePaths = { controlFile: string; eventsDir: string };

const SETTING = 'store_id';
/** Before the value in the control database until the file is written, so that a crash in between separates nothing. */
const PENDING = 'pending:';

const idFile = (eventsDir: string) => join(eventsDir, 'store-id');

/** Whether the event store's folder contains anything. */
export function hasEvents(eventsDir: string): boolean {
  return existsSync(eventsDir) && readdirSync(eventsDir).length > 0;
}

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
  if (controlId === undefined) return explainForeignControl(paths);
  if (eventsId !== undefined) return explainMismatch(paths, controlId);
  if (stored?.startsWith(PENDING)) return undefined;
  return hasEvents(paths.eventsDir) ? explainUnmarked(paths, controlId) : explainNoEvents(paths, controlId);
}

/**
 * Marks both stores with the same id at the first start, of an older data folder too. Throws an error with the fix if one
 * is missing or belongs to another installation: a start with half of the data would look like a new installation.
 */
export async function requirePair(control: Pick<Control, 'db'>, paths: StorePaths): Promise<void> {
  const problem = await findPairProblem(control, paths);
  if (problem !== undefined) throw new Error(problem);
  const stored = await findControlId(control);
  if (stored !== undefined && !stored.startsWith(PENDING)) return;
  const id = await reserveId(control);
  try {
    mkdirSync(paths.eventsDir, { recursive: true });
    writeFileSync(idFile(paths.eventsDir), `${id}\n`, { mode: 0o600, flush: true });
  } catch (error) {
    throw new Error(`The event store in ${paths.eventsDir}: ${fixOf(error)}`, { cause: error });
  }
  await saveId(control, id);
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

/** Returns why a data folder has events but no control database, and what to do; undefined if that is not so. */
export function findControlProblem({ controlFile, eventsDir }: StorePaths): string | undefined {
  if (!isMissing(controlFile) || !hasEvents(eventsDir)) return undefined;
  return (
    `${controlFile} is missing or empty, but there are events in ${eventsDir}. Restore it, with secrets/appflow-secret, ` +
    `from a backup. To start over without its projects, keys and people, move ${eventsDir} elsewhere.`
  );
}

/** Throws an error with the fix if there are events, but no control database: it would be created as new. */
export function requireControlFile(paths: StorePaths): void {
  const problem = findControlProblem(paths);
  if (problem !== undefined) throw new Error(problem);
}

const explainNoEvents = ({ controlFile, eventsDir }: StorePaths, id: string) =>
  `${eventsDir} is missing or empty, but ${controlFile} says that there are events. Restore it from a backup. ` +
  `To continue without these events, run: mkdir -p ${eventsDir} && echo ${id} > ${idFile(eventsDir)}. ` +
  `To start over, move ${controlFile} elsewhere.`;

const explainUnmarked = ({ controlFile, eventsDir }: StorePaths, id: string) =>
  `${idFile(eventsDir)} is missing, so it is unknown whether these events belong to ${controlFile}. ` +
  `Restore the data folder from a backup. If they do belong together, run: echo ${id} > ${idFile(eventsDir)}`;

const explainMismatch = ({ controlFile, eventsDir }: StorePaths, id: string) =>
  `${controlFile} and ${eventsDir} belong to different installations, or ${idFile(eventsDir)} is damaged. Restore both ` +
  `from the same backup. If they do belong together, run: echo ${id} > ${idFile(eventsDir)}`;

const explainForeignControl = ({ controlFile, eventsDir }: StorePaths) =>
  `${controlFile} is not the one that the events in ${eventsDir} belong to. Restore it, with secrets/appflow-secret, ` +
  `from a backup. To start over, move ${eventsDir} elsewhere. If they do belong together, remove ${idFile(eventsDir)}.`;
