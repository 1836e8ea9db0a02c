import { systemClock } from '../../src/lib/clock.ts';
import { StorageError } from '../../src/lib/errors.ts';
import { openLog } from '../../src/lib/log.ts';
import { createBlockStore } from '../../src/warehouse/block-store.ts';
import type { Gateway } from '../../src/warehouse/engine/gateway.ts';
import { rowFileIn } from '../../src/warehouse/log/row-file.ts';
import { openSeenIds } from '../../src/warehouse/seen-ids.ts';
import { openWriter, type Writer, type WriterOptions } from '../../src/warehouse/writer.ts';
import { makeLogFolder, openTestLog } from './warehouse-store.ts';

const log = openLog('silent');

/** Statements that fail. */
export type Fault = {
  /** `refused`: the statement is not run. `unanswered`: it runs, but its success is lost on the way back. */
  kind: 'refused' | 'unanswered';
  /** Which statement, counting from 1. */
  at: number;
  /** How many statements fail, starting there. */
  times: number;
};

/** Returns the gateway with a fault injected, and how many statements it received. */
export function injectFault(
  gateway: Gateway,
  { kind, at, times }: Fault,
): { gateway: Gateway; statementCount(): number } {
  let count = 0;
  async function run<T>(statement: () => Promise<T>): Promise<T> {
    count += 1;
    const fails = count >= at && count < at + times;
    if (fails && kind === 'refused') throw new StorageError('unavailable', 'injected');
    const result = await statement();
    if (fails) throw new StorageError('unavailable', 'injected');
    return result;
  }
  return {
    statementCount: () => count,
    gateway: {
      query: (sql, params, options) => run(() => gateway.query(sql, params, options)),
      command: (...args) => run(() => gateway.command(...args)),
      close: async () => {},
    },
  };
}

/** Opens a writer of the store of `gateway` with the log in `folder`, as a start does. Its statements go to `over`. */
export async function openTestWriter(
  gateway: Gateway,
  over: Gateway = gateway,
  options: Partial<WriterOptions> = {},
  folder = makeLogFolder(),
): Promise<Writer> {
  return await openWriter({
    store: createBlockStore(over, { withRows: rowFileIn(folder) }),
    ...(await openTestLog(folder)),
    openSeenIds: async () => {
      // Wait until loaded: a filter that is still loading would hide missing ids.
      const seenIds = await openSeenIds(gateway, log);
      await seenIds.settled();
      return seenIds;
    },
    clock: systemClock(),
    log,
    ...options,
  });
}
