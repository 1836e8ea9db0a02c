import type { Log } from '../../lib/log.ts';
import type { Gateway } from '../engine/gateway.ts';
import type { DerivedTable } from './derive-sql.ts';
import { findDamagedTable } from './find-damaged-table.ts';
import { type BeforeReplacing, rebuildTable } from './rebuild.ts';
import { describeFailure } from './repair-damage.ts';

/** Runs work that reads derived tables: see `readDerived` of the integrity checks. */
export type ReadDerived = <T>(
  gateway: Gateway,
  work: () => Promise<T>,
  otherwise: () => Promise<T>,
) => Promise<T>;

/** Returns `readDerived`. `beforeRebuild` is called before a table is replaced. */
export function createReadDerived(
  log: Log,
  beforeRebuild: () => Promise<void>,
  noteLostRows: BeforeReplacing['noteLostRows'],
): ReadDerived {
  /** Returns whether it could: a full disk and damaged events prevent it. */
  async function rebuild(gateway: Gateway, table: DerivedTable): Promise<boolean> {
    try {
      await beforeRebuild();
      await rebuildTable(gateway, table, { noteLostRows });
      log.warn({ table }, 'a damaged table was derived again');
      return true;
    } catch (err) {
      log.error({ err }, describeFailure(table, err));
      return false;
    }
  }

  /** Returns whether to try again. Throws the failure if no derived table is its reason. */
  async function mend(gateway: Gateway, failure: unknown, tried: Set<DerivedTable>): Promise<boolean> {
    const table = await findDamagedTable(gateway, failure);
    if (table === undefined) throw failure;
    log.error({ err: failure, table }, 'a derived table is damaged: deriving it from the events again');
    if (tried.has(table)) return false;
    tried.add(table);
    return await rebuild(gateway, table);
  }

  return async (gateway, work, otherwise) => {
    const tried = new Set<DerivedTable>();
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(await mend(gateway, error, tried))) return await otherwise();
      }
    }
  };
}
