import { deriveMissingIds, deriveMissingUsers, type OnProgress } from './derive.ts';
import type { Gateway } from './engine/gateway.ts';
import type { Integrity } from './integrity/integrity.ts';
import { fillEmptyTable } from './integrity/rebuild.ts';
import { findHighest } from './integrity/rebuild-in-use.ts';
import { repairPersons } from './persons/repair-persons.ts';

/** After the migration that has derived the links of earlier events, their persons are missing, and properties of users may be. */
async function deriveMissingPersons(gateway: Gateway, highest: number): Promise<void> {
  const [row] = await gateway.query<{ isLacking: number }>(
    'SELECT (SELECT count() FROM links) > 0 AND (SELECT count() FROM person_ids) = 0 AS isLacking',
  );
  if (row?.isLacking === 1) {
    await fillEmptyTable(gateway, 'user_properties');
    await fillEmptyTable(gateway, 'person_ids');
  } else await repairPersons(gateway, { from: highest, highest });
}

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
  await readDerived(
    gateway,
    () => deriveMissingPersons(gateway, highest),
    async () => undefined,
  );
  return highest;
}
