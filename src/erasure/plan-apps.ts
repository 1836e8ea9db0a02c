import { findPerson } from '../warehouse/persons/find-person.ts';
import type { Erasure } from './erasure-record.ts';
import type { ErasureServices } from './erasure-services.ts';
import { findStart, type Start } from './find-start.ts';
import { type PlannedApp, planErasure } from './plan-erasure.ts';

/** What is known of an erasure before it is planned. */
type Search = {
  appUserId: string;
  /** As an earlier attempt saved them. */
  starts: readonly Start[];
  /** Saves the IDs that the search starts from. Otherwise a retry would mistake this attempt's tombstones for an earlier erasure. */
  save: (starts: readonly Start[]) => Promise<void>;
};

/**
 * Plans the erasure of the person whose profile an ID shows, and in each app of the one that the ID belongs to there. A link that is
 * stored meanwhile may make that someone else: then all apps are searched again. Once its IDs are refused, no link is stored.
 * Rejects with StorageError.
 */
export async function planApps(
  services: ErasureServices,
  { projectId, appIds }: Pick<Erasure, 'projectId' | 'appIds'>,
  { appUserId, starts: saved, save }: Search,
): Promise<PlannedApp[]> {
  const starts = new Map(saved.map((start) => [start.id, start]));
  async function addStart(id: string): Promise<Start> {
    const known = starts.get(id);
    if (known) return known;
    const start = await findStart(services, { projectId, appIds }, id);
    starts.set(id, start);
    await save([...starts.values()]);
    return start;
  }
  const { aloneIn } = await addStart(appUserId);
  const apps = { projectId, appIds: appIds.filter((appId) => !aloneIn.includes(appId)), hasLinks: true };
  const find = async () =>
    (await findPerson(services.warehouse, apps, appUserId, new AbortController().signal)).id;
  let person = await find();
  for (;;) {
    await addStart(person);
    const planned: PlannedApp[] = [];
    for (const appId of appIds)
      planned.push(await planErasure(services, { projectId, appId }, [...starts.values()]));
    person = await find();
    if (starts.has(person)) return planned;
  }
}
