import { deriveInterrupted, deriveMissingIds, type OnProgress } from './derive.ts';
import type { Gateway } from './engine/gateway.ts';
import type { Integrity } from './integrity/integrity.ts';
import { findHighest } from './integrity/rebuild-in-use.ts';

/**
 * Derives whatever may be missing and returns the highest stored block number. A damaged derived table is derived again; if
 * that is not possible, the start continues without: ids are then looked up in the events. `from` is the lowest block that
 * may be incomplete; by default the highest one. Rejects with StorageError.
 */
export async function deriveAtStart(
  gateway: Gateway,
  { readDerived }: Pick<Integrity, 'readDerived'>,
  onProgress: OnProgress,
  from?: number,
): Promise<number> {
  const highest = await readDerived(
    gateway,
    () => deriveMissingIds(gateway, onProgress),
    () => findHighest(gateway),
  );
  await readDerived(
    gateway,
    () => deriveInterrupted(gateway, highest, from),
    async () => undefined,
  );
  return highest;
}
