import type { Clock } from '../../lib/clock.ts';
import type { LoadedLog, LogDamage } from '../log/segments.ts';
import type { Inspection } from './inspect.ts';
import { describeLoss, type Loss, readLosses, recordLoss } from './losses.ts';

/** Records the acknowledged events that were lost because the log is damaged. Rejects with the system's error. */
export async function recordLogDamage(
  folder: string,
  damages: readonly LogDamage[],
  clock: Clock,
): Promise<void> {
  const known = await readLosses(folder);
  for (const damage of damages) {
    const loss = toLoss(damage, new Date(clock.now()).toISOString());
    const isKnown = known.some(({ log }) => log?.file === damage.file && log.at === damage.at);
    if (!isKnown) await recordLoss(folder, loss);
  }
}

/** Returns what a log says about the store, as `inspect` does. */
export function describeLog({ damages, records }: LoadedLog): Inspection {
  const events = records.reduce((sum, { rowCount }) => sum + rowCount, 0);
  return {
    problems: damages.map((damage) => describeLoss(toLoss(damage, 'now'))),
    repairs: events === 0 ? [] : [`inserts ${events.toLocaleString('en-US')} events from the log`],
  };
}

function toLoss({ file, at, rowCount = 0, after, before }: LogDamage, foundAt: string): Loss {
  const toTime = (block: number) => new Date(block / 1000).toISOString();
  const received = after > 0 && before > 0 ? { from: toTime(after), to: toTime(before) } : undefined;
  return { foundAt, events: rowCount, received, parts: [], log: { file, at } };
}
