import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { acceptControlLosses } from '../../control/integrity/control-losses.ts';
import { acceptLosses as acceptEventLosses } from '../../warehouse/integrity/losses.ts';

/** Accepts all losses that a start has recorded, also for a running server. Returns what happened, for people. */
export async function acceptLosses({ dataDir }: Config): Promise<string> {
  const now = new Date();
  const kept = [
    acceptControlLosses(join(dataDir, 'control.db'), now),
    await acceptEventLosses(join(dataDir, 'events'), now),
  ].filter((file) => file !== undefined);
  if (kept.length === 0) return 'No data loss is recorded.';
  return `Accepted. The record is in ${kept.join(' and ')}.`;
}
