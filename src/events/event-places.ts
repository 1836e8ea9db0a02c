import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
import { mayBeDamage } from '../warehouse/integrity/damage-error.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { buildFilter, type Filter, withCondition } from './event-filter.ts';

/** How many events have an ID, and the time range of nearly all events in the same blocks, in epoch milliseconds. */
export type EventPlaces = { count: number; fromMs: number; toMs: number };

/**
 * Returns where to look for the events of some apps with an ID, from the table of IDs: searching all events takes longer the older
 * the event is. Returns undefined while the store is damaged, because IDs may be missing. Throws StorageError.
 */
export async function findEventPlaces(
  { query, listProblems }: Pick<Warehouse, 'query' | 'listProblems'>,
  { projectId, appIds, eventId }: { projectId: string; appIds: readonly string[]; eventId: string },
  signal: AbortSignal,
): Promise<EventPlaces | undefined> {
  if (listProblems().length > 0) return undefined;
  try {
    const [found] = await query<{ count: string; first: string; last: string }>(
      `SELECT count() AS count, min(block) AS first, max(block) AS last FROM event_ids
      WHERE project_id = {project_id:String} AND event_id = {event_id:String} AND app_id IN {app_ids:Array(String)}`,
      { project_id: projectId, event_id: eventId, app_ids: appIds },
      { signal },
    );
    const { count = '0', first = '0', last = '0' } = found ?? {};
    // Blocks are numbered by the microsecond in which they were stored; a phone may have sent its events a day later.
    const [fromMs, toMs] = [Number(first) / 1_000 - DAY_MS, Number(last) / 1_000 + 2 * HOUR_MS];
    return { count: Number(count), fromMs: Math.floor(fromMs), toMs: Math.ceil(toMs) };
  } catch (error) {
    if (mayBeDamage(error)) return undefined;
    throw error;
  }
}

/** Returns a filter narrowed to the time range of these places. */
export function narrowTo(filter: Filter, { fromMs, toMs }: EventPlaces): Filter {
  const { from, to } = filter.times;
  return {
    ...withCondition(filter, 'timestamp < fromUnixTimestamp64Milli({place_to:Int64})', { place_to: toMs }),
    times: { from: Math.max(from, fromMs), to: Math.min(to ?? toMs, toMs) },
  };
}

/** Whether every event with the ID is in these places, so that none elsewhere can match. Throws StorageError. */
export async function hasAllEvents(
  { query }: Pick<Warehouse, 'query'>,
  { projectId, appIds, eventId }: { projectId: string; appIds: readonly string[]; eventId: string },
  places: EventPlaces,
  signal: AbortSignal,
): Promise<boolean> {
  const { conditions, params } = narrowTo(buildFilter(projectId, appIds, { event_id: eventId }), places);
  const from = 'timestamp >= fromUnixTimestamp64Milli({place_from:Int64})';
  const [row] = await query<{ count: string }>(
    `SELECT count() AS count FROM events WHERE ${[...conditions, from].join(' AND ')}`,
    { ...params, place_from: places.fromMs },
    { signal },
  );
  return Number(row?.count ?? 0) === places.count;
}
