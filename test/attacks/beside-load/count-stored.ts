import { join } from 'node:path';
import { embedded } from '../../../src/warehouse/engine/embedded.ts';
import { openGateway } from '../../../src/warehouse/engine/gateway.ts';
import { EVENTS_PER_BATCH } from './orders.ts';

/** Acknowledged events that are missing or stored more than once, in the store of a server that has stopped. */
export type Differences = { acknowledged: number; missing: number; doubled: number };

/** Compares the store with what was acknowledged: `acknowledged[lane]` batches of each lane. */
export async function countDifferences(
  dataDir: string,
  acknowledged: readonly number[],
): Promise<Differences> {
  const gateway = await openGateway(embedded(join(dataDir, 'events')), { size: 1, waitingMax: 10 });
  const total = acknowledged.reduce((sum, batches) => sum + batches * EVENTS_PER_BATCH, 0);
  const differences = { acknowledged: total, missing: total, doubled: 0 };
  try {
    for (const [lane, batches] of acknowledged.entries()) {
      const [row] = await gateway.query<{ stored: string; ids: string }>(
        `SELECT count() AS stored, uniqExact(event_id) AS ids FROM events
         WHERE startsWith(event_id, {prefix:String}) AND toUInt32(splitByChar('-', event_id)[3]) < {batches:UInt32}`,
        { prefix: `load-${lane}-`, batches },
        { timeoutMs: 120_000 },
      );
      differences.missing -= Number(row?.ids ?? 0);
      differences.doubled += Number(row?.stored ?? 0) - Number(row?.ids ?? 0);
    }
  } finally {
    await gateway.close();
  }
  return differences;
}
