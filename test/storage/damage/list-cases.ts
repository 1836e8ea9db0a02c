import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DAMAGES, type Damage, findPages } from './damage-file.ts';
import { listTables } from './list-tables.ts';
import type { Folders } from './prepare-folders.ts';

/** One damage to one file or folder of a data folder. */
export type Case = {
  name: string;
  folder: keyof Folders;
  /** The path within the data folder. */
  path: string;
  damage: Damage;
  offset?: number;
};

/** All tables. What the engine does with a file does not depend on its table, so each file is damaged in `events` only. */
const TABLES = ['events', 'event_ids', 'users', 'schema_migrations'];
const FILES_OF_OTHERS = ['data.bin', 'data.cmrk4', 'checksums.txt', 'count.txt', 'primary.cidx'];
/** Tables that are derived again in the same way as those above, or as each other, and those that cannot be. */
const MORE_TABLES = [
  ...['links', 'person_ids', 'user_properties'],
  ...['user_days', 'user_day_values', 'revenue_days', 'rollup_days', 'linked_days'],
  ...['erased_ids', 'deleted_until'],
];

/** Returns each damage to each kind of file in the folders. */
export function listCases(folders: Folders): Case[] {
  return [...listEventCases(folders.stopped), ...listLogCases(folders.killed), ...listControlCases(folders)];
}

function listEventCases(dataDir: string): Case[] {
  const eventsDir = join(dataDir, 'events');
  const tables = listTables(eventsDir);
  const cases: Case[] = [];
  const add: AddCases = (name, path, damages = DAMAGES) => {
    for (const damage of damages)
      cases.push({ name: `events/${name}`, folder: 'stopped', path: relative(dataDir, path), damage });
  };
  for (const table of TABLES) addTable(add, table, tables.get(table));
  for (const table of MORE_TABLES) addSmallTable(add, table, tables.get(table)?.folder ?? '');
  add('metadata/appflow.sql', join(eventsDir, 'metadata/appflow.sql'));
  for (const name of ['metadata', 'store', 'data', 'tmp'])
    add(`${name}/`, join(eventsDir, name), ['deleted']);
  for (const name of ['ledger.json', 'store-id', 'control-revision.json']) add(name, join(eventsDir, name));
  add('', eventsDir, ['deleted']);
  return cases;
}

const SOME_DAMAGES: readonly Damage[] = ['deleted', 'flipped'];

type AddCases = (name: string, path: string, damages?: readonly Damage[]) => void;

function addTable(add: AddCases, table: string, { definition = '', folder = '' } = {}): void {
  add(` definition of ${table}`, definition);
  add(` folder of ${table}`, folder, ['deleted']);
  if (table === 'events') add(' format_version.txt', join(folder, 'format_version.txt'));
  for (const [kind, part] of listPartKinds(folder)) {
    add(` ${table}, a ${kind} part`, part, ['deleted']);
    const files = listFileKinds(part).filter((file) => table === 'events' || FILES_OF_OTHERS.includes(file));
    // What the engine does with a file does not depend on its table.
    const damages = table === 'events' ? DAMAGES : SOME_DAMAGES;
    for (const file of files) add(` ${table}, ${kind} part, ${file}`, join(part, file), damages);
  }
}

function addSmallTable(add: AddCases, table: string, folder: string): void {
  add(` folder of ${table}`, folder, ['deleted']);
  for (const [kind, part] of listPartKinds(folder)) {
    add(` ${table}, a ${kind} part`, part, ['deleted']);
    add(` ${table}, ${kind} part, data.bin`, join(part, 'data.bin'), ['flipped']);
    add(` ${table}, ${kind} part, checksums.txt`, join(part, 'checksums.txt'), ['deleted']);
  }
}

function listLogCases(dataDir: string): Case[] {
  return readdirSync(join(dataDir, 'events/log')).flatMap((file) => {
    const name = `events/log/ ${file.replace(/^\d+/, 'segment')} (after a kill)`;
    return DAMAGES.map((damage): Case => ({ name, folder: 'killed', path: `events/log/${file}`, damage }));
  });
}

function listControlCases({ stopped }: Folders): Case[] {
  const of = (folder: keyof Folders, path: string, damages = DAMAGES): Case[] =>
    damages.map((damage) => ({
      name: `${path}${folder === 'killed' ? ' (after a kill)' : ''}`,
      folder,
      path,
      damage,
    }));
  const pages = [...findPages(join(stopped, 'control.db'))].map(
    ([kind, offset]): Case => ({
      name: `control.db, ${kind} page`,
      folder: 'stopped',
      path: 'control.db',
      damage: 'flipped',
      offset,
    }),
  );
  return [
    ...of('stopped', 'control.db', ['truncated', 'emptied', 'deleted']),
    ...pages,
    ...of('stopped', 'control.db-sum'),
    ...of('stopped', 'secrets/appflow-secret'),
    ...of('killed', 'control.db', ['truncated', 'emptied', 'deleted']),
    ...of('killed', 'control.db-wal'),
    ...of('killed', 'control.db-shm'),
  ];
}

/** One part of each kind: with a file for each column (wide), and with one file for all (compact). */
function listPartKinds(folder: string): Map<string, string> {
  const parts = readdirSync(folder).filter((name) => /_\d+_\d+_\d+$/.test(name));
  // A deletion leaves the part that it has replaced for some minutes: the new one has a longer name.
  const current = parts.filter((name) => !parts.some((other) => other.startsWith(`${name}_`)));
  return new Map(
    current.map((name) => {
      const part = join(folder, name);
      return [readdirSync(part).includes('data.bin') ? 'compact' : 'wide', part];
    }),
  );
}

/** Each file of a part; of a wide one, those of three columns that stand for all. */
function listFileKinds(part: string): string[] {
  const columns = ['project_id', 'properties', 'revenue'];
  return readdirSync(part).filter(
    (name) =>
      !/\.(bin|c?mrk\d?)$/.test(name) ||
      name.startsWith('data.') ||
      columns.some((one) => name.startsWith(one)),
  );
}
