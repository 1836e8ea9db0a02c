import { setTimeout } from 'node:timers/promises';
import { SECOND_MS } from '../../lib/durations.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import type { OnStored } from '../../warehouse/writer.ts';

/**
 * Returns what publishes blocks in order, each once it is in the tables: other nodes read it there. It is in them already unless the
 * insert failed and is tried again.
 */
export function publishInserted(
  { query, isFailing }: Pick<Warehouse, 'query' | 'isFailing'>,
  publish: OnStored,
): OnStored {
  const waiting: Parameters<OnStored>[] = [];

  async function publishLater(): Promise<void> {
    while (waiting.length > 0) {
      const count = waiting.length;
      // A query waits until everything is inserted.
      const isInserted = await query('SELECT 1').then(
        () => true,
        () => false,
      );
      if (isInserted) for (const block of waiting.splice(0, count)) publish(...block);
      else await setTimeout(SECOND_MS);
    }
  }

  return (rows, block) => {
    if (waiting.length === 0 && !isFailing()) return publish(rows, block);
    waiting.push([rows, block]);
    if (waiting.length === 1) void publishLater();
  };
}
