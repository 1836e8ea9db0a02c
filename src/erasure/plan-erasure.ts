import { type ControlTransaction, NO_CALLER } from '../control/control.ts';
import { DAY_MS } from '../lib/durations.ts';
import { deletedEvents } from '../warehouse/integrity/deletion.ts';
import type { AppPlan } from './erasure-record.ts';
import type { ErasureServices } from './erasure-services.ts';
import type { Start } from './find-start.ts';
import type { AppUser } from './person-ids.ts';
import { saveTombstones } from './tombstones.ts';

/** What an erasure deletes in one app, and how much that is. */
export type PlannedApp = { plan: AppPlan; events: number; appUserIds: number };

const SCAN_MS = 600_000;

/**
 * Refuses further events of a person, found by any of the IDs in `starts`, then finds what is stored: after that, nothing is
 * added to it. Rejects with StorageError.
 */
export async function planErasure(
  services: ErasureServices,
  { projectId, appId }: Omit<AppUser, 'appUserId'>,
  starts: readonly Start[],
): Promise<PlannedApp> {
  const now = services.clock.now();
  const ids = await refuseAll(services, { projectId, appId }, starts, now);
  const found = await findEvents(services, { projectId, to: EVER, person: { appId, ids } });
  const to = Math.max(now, found.latest);
  if (to > now) await refuse(services, appId, ids, to);
  return {
    plan: { appId, ids, to, days: found.days },
    events: found.events,
    appUserIds: found.appUserIds,
  };
}

/** Later than any event can be dated. */
const EVER = Date.UTC(2299, 11, 31);

/** A link that is stored meanwhile may add an ID. */
async function refuseAll(
  services: ErasureServices,
  { projectId, appId }: Omit<AppUser, 'appUserId'>,
  starts: readonly Start[],
  until: number,
): Promise<string[]> {
  const findIds = async ({ id, aloneIn }: Start) =>
    aloneIn.includes(appId) ? [id] : (await services.findPerson({ projectId, appId, appUserId: id })).ids;
  const refused = new Set<string>();
  for (;;) {
    const found = await Promise.all(starts.map(findIds));
    const more = new Set(found.flat().filter((id) => !refused.has(id)));
    if (more.size === 0) return [...refused];
    await refuse(services, appId, [...more], until);
    for (const id of more) refused.add(id);
  }
}

/** Resolves once no event that was received before is still on its way into the store. */
async function refuse(
  { control, tombstones, erasureKey, warehouse }: ErasureServices,
  appId: string,
  ids: readonly string[],
  until: number,
): Promise<void> {
  const rows = ids.map((id) => ({ appId, mac: erasureKey.macOfUser(appId, id), until }));
  await control.write(NO_CALLER, ({ tx }: { tx: ControlTransaction }) => saveTombstones(tx, rows));
  tombstones.add(rows);
  await warehouse.settled();
}

type Found = { events: number; appUserIds: number; latest: number; days: number[] };

async function findEvents(
  { warehouse }: ErasureServices,
  deletion: Parameters<typeof deletedEvents>[0],
): Promise<Found> {
  type Row = { events: string; ids: string; latest: string; days: number[] };
  const { sql, params } = deletedEvents(deletion);
  const [row] = await warehouse.query<Row>(
    `SELECT count() AS events, uniqExact(app_user_id) AS ids, toUnixTimestamp64Milli(max(timestamp)) AS latest,
      groupUniqArray(toInt32(intDiv(toUnixTimestamp64Milli(timestamp), ${DAY_MS}))) AS days
    FROM events WHERE ${sql}`,
    { ...params, project_id: deletion.projectId },
    { timeoutMs: SCAN_MS },
  );
  const events = Number(row?.events ?? 0);
  return {
    events,
    appUserIds: Number(row?.ids ?? 0),
    latest: events === 0 ? 0 : Number(row?.latest),
    days: row?.days ?? [],
  };
}
