import type { Selectable } from 'kysely';
import type { Control, ControlTransaction } from '../control/control.ts';
import type { ErasureTable } from '../control/schema.ts';
import type { ErasureKey } from './erasure-key.ts';
import type { Start } from './find-start.ts';

/** A request to erase a person. Times are epoch milliseconds; `doneAt` is null while it is under way. */
export type Erasure = {
  id: string;
  projectId: string;
  appIds: string[];
  /** How many events were erased, and how many IDs had events. */
  events: number;
  appUserIds: number;
  requestedAt: number;
  doneAt: number | null;
};

/** What to erase in one app: all IDs of the person, events up to `to`, and the days (UTC, since 1970) they are on. */
export type AppPlan = { appId: string; ids: string[]; to: number; days: number[] };

/** What is left to do. Without plans, the IDs of the person are still to be found, from `starts` on if the search has begun. */
export type Work = { appUserId: string; starts?: readonly Start[]; plans?: AppPlan[] };

/** Returns the erasure in a row. */
export function toErasure(row: Selectable<ErasureTable>): Erasure {
  return {
    id: row.id,
    projectId: row.project_id,
    appIds: JSON.parse(row.app_ids) as string[],
    events: row.events,
    appUserIds: row.app_user_ids,
    requestedAt: row.requested_at,
    doneAt: row.done_at,
  };
}

const sealWork = (key: ErasureKey, work: Work) => key.seal(Buffer.from(JSON.stringify(work)));

/** Returns what is left to do. Throws an Error if it cannot be decrypted. */
export function openWork(key: ErasureKey, sealed: string): Work {
  const text = key.unseal(sealed);
  if (text === undefined) throw new Error('The erasure cannot be decrypted.');
  return JSON.parse(text.toString()) as Work;
}

/** Stores a request: from then on it is carried out, also after a restart. */
export async function insertErasure(
  tx: ControlTransaction,
  key: ErasureKey,
  erasure: Erasure,
  work: Work,
): Promise<void> {
  const { id, projectId, appIds, events, appUserIds, requestedAt, doneAt } = erasure;
  await tx
    .insertInto('erasures')
    .values({
      id,
      project_id: projectId,
      app_ids: JSON.stringify(appIds),
      sealed_work: sealWork(key, work),
      events,
      app_user_ids: appUserIds,
      requested_at: requestedAt,
      done_at: doneAt,
    })
    .execute();
}

/** Stores what was found, before any of it is deleted. */
export async function updateWork(
  tx: ControlTransaction,
  key: ErasureKey,
  id: string,
  { work, events, appUserIds }: { work: Work; events: number; appUserIds: number },
): Promise<void> {
  await tx
    .updateTable('erasures')
    .set({ sealed_work: sealWork(key, work), events, app_user_ids: appUserIds })
    .where('id', '=', id)
    .execute();
}

/** Stores that everything is deleted, and forgets whose it was. */
export async function finishErasure(tx: ControlTransaction, id: string, now: number): Promise<void> {
  await tx.updateTable('erasures').set({ sealed_work: null, done_at: now }).where('id', '=', id).execute();
}

/** Returns an erasure of a project, with what is left to do, encrypted; undefined if there is none. */
export async function findErasure({ db }: Pick<Control, 'db'>, id: string): Promise<Erasure | undefined> {
  const row = await db.selectFrom('erasures').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toErasure(row);
}

/** Returns what is under way, oldest first. */
export async function listUnderWay({
  db,
}: Pick<Control, 'db'>): Promise<{ erasure: Erasure; sealed: string | null }[]> {
  const rows = await db
    .selectFrom('erasures')
    .selectAll()
    .where('done_at', 'is', null)
    .orderBy('requested_at')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ erasure: toErasure(row), sealed: row.sealed_work }));
}
