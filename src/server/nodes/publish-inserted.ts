import { setTimeout } from 'node:timers/promises';
import { SECOND_MS } from '../../lib/durations.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import type { OnStored } from '../../warehouse/writer.ts';

/** Publishes blocks in order, each once it is in the tables. */
export type Publisher = {
  publish: OnStored;
  /** Publishes nothing more: what waits is up to the next node that stores events. */
  stop(): void;
};

/**
 * Returns what publishes blocks to other nodes, which read them in the tables. A block is in them already unless its insert failed and
 * is tried again.
 */
export function publishInserted(
  { query, isFailing }: Pick<Warehouse, 'query' | 'isFailing'>,
  publish: OnStored,
): Publisher {
  const waiting: Parameters<OnStored>[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;

  async function publishWaiting(): Promise<void> {
    const count = waiting.length;
    try {
      // A query waits until everything is inserted.
      await query('SELECT 1');
    } catch {
      return await setTimeout(SECOND_MS, undefined, { signal });
    }
    if (!signal.aborted) for (const block of waiting.splice(0, count)) publish(...block);
  }

  async function publishLater(): Promise<void> {
    while (waiting.length > 0 && !signal.aborted) await publishWaiting();
  }

  return {
    publish(rows, block) {
      if (waiting.length === 0 && !isFailing()) return publish(rows, block);
      waiting.push([rows, block]);
      if (waiting.length === 1) publishLater().catch(() => undefined);
    },
    stop: () => stopping.abort(),
  };
}
