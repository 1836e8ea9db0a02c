import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { openLog } from '../../lib/log.ts';
import { linkStore } from '../../warehouse/copy/link-store.ts';
import { findLockHolder } from '../../warehouse/engine/folder-lock.ts';
import type { Gateway } from '../../warehouse/engine/gateway.ts';
import { copyGroups } from '../../warehouse/move/copy-groups.ts';
import { divideGroups } from '../../warehouse/move/divide-groups.ts';
import { type MoveTarget, openTargetForReading } from '../../warehouse/move/move-target.ts';
import { describeValue, MOVED_TABLES, type MovedTable } from '../../warehouse/move/moved-tables.ts';
import { compareSums, type Reader, type Sums, sumGroups } from '../../warehouse/move/sum-groups.ts';
import { openWarehouse } from '../../warehouse/open.ts';
import { notify } from '../terminal/print.ts';
import type { MoveContext } from './context.ts';
import type { MovePlan } from './plan.ts';
import type { ComparedTable } from './report.ts';

type Source = Pick<Gateway, 'query' | 'command'>;

/** `hasLog`: no server runs on the data folder, so its log is complete, and what it lacks is reported. */
type SyncOptions = { hasLog: boolean };

/** Compares the event stores, and changes neither. Rejects with StorageError. */
export async function compareEvents(context: MoveContext, options: SyncOptions): Promise<ComparedTable[]> {
  const target = await openTargetForReading(context.plan.target.clickhouseUrl ?? '');
  const compare = (source: Source) => eachTable(context, (table) => compareTable(table, source, target));
  return await withCopy(context, options, compare).finally(target.close);
}

/** Copies what differs of the events to the target, and returns both sides. Rejects with StorageError. */
export async function syncEvents(
  context: MoveContext,
  target: MoveTarget,
  options: SyncOptions,
): Promise<ComparedTable[]> {
  const sync = (source: Source, folder: string) =>
    eachTable(context, (table) => syncTable(table, source, target, { ...context, folder }));
  return await withCopy(context, options, sync);
}

async function eachTable(
  { signal }: MoveContext,
  work: (table: MovedTable) => Promise<ComparedTable>,
): Promise<ComparedTable[]> {
  const compared: ComparedTable[] = [];
  for (const table of MOVED_TABLES) {
    signal.throwIfAborted();
    compared.push(await work(table));
  }
  return compared;
}

async function compareTable(table: MovedTable, source: Reader, target: Reader): Promise<ComparedTable> {
  const [from, to] = await Promise.all([sumGroups(source, table), sumGroups(target, table)]);
  return toCompared(table, from, to);
}

async function syncTable(
  table: MovedTable,
  source: Source,
  target: MoveTarget,
  { folder, progress, signal }: MoveContext & { folder: string },
): Promise<ComparedTable> {
  const [from, before] = await Promise.all([sumGroups(source, table), sumGroups(target, table)]);
  const groups = compareSums(from, before);
  if (groups.length === 0) return toCompared(table, from, before);
  const differences = await divideGroups({ table, groups }, source, target);
  const differing = differences.flatMap((one) => one.groups);
  progress.start(
    table.name,
    differing.reduce((sum, group) => sum + (group.source?.rows ?? 0), 0),
  );
  const onRows = (rows: number) => {
    signal.throwIfAborted();
    progress.add(rows);
  };
  const options = { source, target, folder, onRows };
  try {
    for (const one of differences) await copyGroups(one.table, one.groups, options);
  } finally {
    progress.stop();
  }
  return toCompared(table, from, await sumGroups(target, table));
}

function toCompared({ name, keys }: MovedTable, source: Sums, target: Sums): ComparedTable {
  const groups = [...new Set([...source.keys(), ...target.keys()])].toSorted().map((key) => {
    const values = JSON.parse(key) as string[];
    const group = keys.map((one, index) => describeValue(one, values[index] ?? ''));
    return { group, source: source.get(key), target: target.get(key) };
  });
  return { table: name, groups };
}

/** In the data folder: hard links need the same file system. */
const copyFolder = ({ source }: MovePlan) => join(source.dataDir, 'moving');

/** Throws if another process is moving this data folder. */
export async function requireAlone(plan: MovePlan): Promise<void> {
  const holder = await findLockHolder(copyFolder(plan));
  if (holder !== undefined) throw new Error(`Another \`appflow move\` (${holder}) is running.`);
}

/** Runs `work` with a copy of the event store, which an engine can open while the server runs; see `linkStore`. */
async function withCopy<T>(
  { plan }: MoveContext,
  { hasLog }: SyncOptions,
  work: (source: Source, folder: string) => Promise<T>,
): Promise<T> {
  const { dataDir, queryMemoryBytes } = plan.source;
  const folder = copyFolder(plan);
  await requireAlone(plan);
  const remove = () => rm(folder, { recursive: true, force: true });
  await remove();
  try {
    await linkStore(join(dataDir, 'events'), folder, { hasLog });
    const options = { path: folder, log: openLog('silent'), clock: systemClock(), queryMemoryBytes };
    const warehouse = await openWarehouse(options);
    try {
      if (hasLog) for (const problem of warehouse.listProblems()) notify(`Warning: ${problem}`);
      const { query, maintenance } = warehouse;
      return await work({ query, command: maintenance.command }, folder);
    } finally {
      await warehouse.close();
    }
  } finally {
    await remove();
  }
}
