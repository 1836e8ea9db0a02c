import { deriveMissingIds, deriveMissingUsers, type OnProgress } from './derive.ts';
import type { Gateway } from './engine/gateway.ts';
import type { Integrity } from './integrity/integrity.ts';
import { findHighest } from './integrity/rebuild-in-use.ts';

/**
 * Derives whatever may be missing and returns the highest stored block number. A damaged derived table is derived again; if
 * that is not possible, the start continues without: ids are then looked up in the events. Rejects with StorageError.
 */
export async function deriveAtStart(
  gateway: Gateway,
  { readDerived }: Pick<Integrity, 'readDerived'>,
  onProgress: OnProgress,
): Promise<number> {
  const highest = await readDerived(
    gateway,
    () => deriveMissingIds(gateway, onProgress),
    () => findHighest(gateway),
  );
  await readDerived(
    gateway,
    () => deriveMissingUsers(gateway, highest),
    async () => undefined,
  );
  return highest;
}
