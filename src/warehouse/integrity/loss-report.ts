import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { describeLoss, hasLosses, type Loss, type LostPart, readLosses, recordOnce } from './losses.ts';
import { describeLostRows, type LosableTable } from './lost-rows.ts';

/** The losses of an open store that were not accepted yet. */
export type LossReport = {
  /** Records that rows of a table are lost for good. Call it before the table is replaced. Rejects with the system's error. */
  noteLostRows(table: LosableTable, parts?: readonly LostPart[]): Promise<void>;
  /** Reads what is recorded, and logs it. */
  read(): Promise<void>;
  /** Returns the losses as sentences with what to do. */
  list(): string[];
};

/** Returns the report of the store in `folder`, in which nothing is read yet. */
export function createLossReport(folder: string, { log, clock }: { log: Log; clock: Clock }): LossReport {
  let losses: Loss[] = [];
  return {
    async noteLostRows(table, parts = []) {
      const foundAt = new Date(clock.now()).toISOString();
      await recordOnce(folder, { foundAt, events: 0, parts: [...parts], table });
      losses = await readLosses(folder);
      log.error({ table, parts }, describeLostRows(table));
    },
    async read() {
      losses = await readLosses(folder);
      for (const loss of losses) log.error(describeLoss(loss));
    },
    list: () => (hasLosses(folder) ? losses.map(describeLoss) : []),
  };
}
