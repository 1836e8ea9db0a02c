import type { Control, ReadOnlyControl } from '../../control/control.ts';
import { copyControl, markMoving } from '../../control/move-control.ts';
import { MOVED_CONTROL_TABLES, sumControl } from '../../control/moved-rows.ts';
import { findControlPlace, openControl, openReadOnlyControl } from '../../control/open.ts';
import { systemClock } from '../../lib/clock.ts';
import type { MoveContext } from './context.ts';
import { areSame, type ComparedTable } from './report.ts';

type Db = Pick<ReadOnlyControl, 'db'>;

/** Compares the control databases, and changes neither. Rejects with StorageError. */
export async function compareControl({ db }: Db, { plan }: MoveContext): Promise<ComparedTable[]> {
  const target = await openReadOnlyControl(findControlPlace(plan.target));
  return await compare({ db }, target).finally(target.close);
}

async function compare(source: Db, target: Db): Promise<ComparedTable[]> {
  const [from, to] = [await sumControl(source.db), await sumControl(target.db)];
  return MOVED_CONTROL_TABLES.map((table) => ({
    table,
    groups: [{ group: [], source: from.get(table), target: to.get(table) }],
  }));
}

/** Copies the control database to the target unless both are the same, and returns both sides. Rejects with StorageError. */
export async function syncControl(
  source: Db,
  { plan, storeId, progress, signal }: MoveContext,
): Promise<ComparedTable[]> {
  const target: Control = await openControl(findControlPlace(plan.target), systemClock());
  try {
    await markMoving(target, storeId);
    const before = await compare(source, target);
    if (areSame(before)) return before;
    const rows = before.reduce((sum, { groups }) => sum + (groups[0]?.source?.rows ?? 0), 0);
    progress.start('control database', rows);
    await copyControl(source.db, target, (copied) => {
      signal.throwIfAborted();
      progress.add(copied);
    }).finally(progress.stop);
    return await compare(source, target);
  } finally {
    await target.close();
  }
}
