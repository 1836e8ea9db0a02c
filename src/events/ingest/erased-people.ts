import type { Directory } from '../../directory/directory.ts';
import { redactSecrets } from '../../directory/secret.ts';
import type { Tombstones } from '../../erasure/tombstones.ts';
import { describeRejected, type RejectedEvent } from '../../ingestion/rejected-event.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { createRejection, type Rejection } from './event.ts';

/** The events of a batch: those to store, with their position in it, and those that were rejected. */
export type CheckedEvents = {
  rows: EventRow[];
  indexes: number[];
  rejected: ({ index: number } & Rejection)[];
  /** The same as `rejected`, for ingestion health. */
  rejections: RejectedEvent[];
};

/** Returns the rows of people who were not erased, and rejects those of others. */
export function takeWithoutErased(
  tombstones: Tombstones,
  { rows, indexes, rejected, rejections }: CheckedEvents,
): EventRow[] {
  const isErased = (row: EventRow) => tombstones.isErased(row.app_id, row.app_user_id, row.timestamp);
  if (!rows.some(isErased)) return rows;
  for (const [position, row] of rows.entries()) {
    if (!isErased(row)) continue;
    const rejection = createRejection('user_erased', 'app_user_id');
    rejected.push({ index: indexes[position] ?? 0, ...rejection, event_id: redactSecrets(row.event_id) });
    const event = { context: { sdk: row.sdk } };
    rejections.push(describeRejected(event, row.app_id, rejection, { hasSample: true }));
  }
  rejected.sort((one, other) => one.index - other.index);
  return rows.filter((row) => !isErased(row));
}

/** Dated before every erasure: the time of an event that is not valid cannot be trusted. */
const ANY_TIME = 0;

/**
 * Returns rejected events as they are counted: samples of people who were ever erased contain neither event nor ID. Call it
 * in the same turn as counting, because people may be erased while a batch is being stored.
 */
export function withoutErasedPeople(
  { tombstones, directory }: { tombstones: Tombstones; directory: Directory },
  projectId: string,
  rejections: readonly RejectedEvent[],
): RejectedEvent[] {
  return rejections.map((rejection) => {
    const { appId, sample } = rejection;
    const userId = sample?.appUserId;
    if (sample === undefined || userId === undefined || userId === null) return rejection;
    const apps = appId === '' ? directory.listApps(projectId).map(({ id }) => id) : [appId];
    if (!apps.some((app) => tombstones.isErased(app, userId, ANY_TIME))) return rejection;
    return { ...rejection, sample: { ...sample, event: null, eventId: null, appUserId: null, isCut: false } };
  });
}
