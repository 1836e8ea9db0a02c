import type { Insertable } from 'kysely';
import type { EventNameTable } from '../control/ingestion-schema.ts';

/** How often an app sent a name, and what it was stored as. */
export type NameRow = Insertable<EventNameTable>;

/** Events of a batch whose name was normalized: an automatic name is one that SDKs send by themselves. */
export type SentName = {
  appId: string;
  eventName: string;
  sentName: string;
  isAutomatic: boolean;
  count: number;
};

/** Names of an app that are kept. Apps that put IDs into names have any number. */
export const NAMES_PER_APP = 1_000;

/** Names of all apps in memory, until they are written. */
export const NAMES_IN_MEMORY_MAX = 20_000;

type AppNames = { size: number; byEventName: Map<string, Map<string, NameRow>> };

/** Names in memory, by app, stored name and sent name. */
export type NameTally = { size: number; byApp: Map<string, AppNames> };

/** Returns a tally without names. */
export function createNameTally(): NameTally {
  return { size: 0, byApp: new Map() };
}

/** Counts the events with a name that was sent at `nowMs`. */
export function countName(tally: NameTally, projectId: string, sent: SentName, nowMs: number): void {
  const { appId, eventName, sentName, isAutomatic, count } = sent;
  const known = tally.byApp.get(appId)?.byEventName.get(eventName)?.get(sentName);
  if (known) {
    known.count += count;
    known.last_at = nowMs;
    return;
  }
  addName(tally, {
    project_id: projectId,
    app_id: appId,
    event_name: eventName,
    sent_name: sentName,
    is_automatic: isAutomatic ? 1 : 0,
    count,
    first_at: nowMs,
    last_at: nowMs,
  });
}

/** Removes up to `max` names from the tally and returns them. */
export function takeNames(tally: NameTally, max = NAMES_IN_MEMORY_MAX): NameRow[] {
  const taken: NameRow[] = [];
  for (const row of listNames(tally)) {
    if (taken.length >= max) break;
    taken.push(row);
    removeName(tally, row);
  }
  return taken;
}

function* listNames({ byApp }: NameTally): Generator<NameRow> {
  for (const { byEventName } of byApp.values())
    for (const names of byEventName.values()) yield* names.values();
}

function removeName(tally: NameTally, { app_id, event_name, sent_name }: NameRow): void {
  const app = tally.byApp.get(app_id);
  const names = app?.byEventName.get(event_name);
  if (!app || !names?.delete(sent_name)) return;
  if (names.size === 0) app.byEventName.delete(event_name);
  app.size -= 1;
  if (app.size === 0) tally.byApp.delete(app_id);
  tally.size -= 1;
}

/** Adds names that could not be written to those that were counted meanwhile. */
export function returnNames(tally: NameTally, taken: readonly NameRow[]): void {
  for (const row of taken) addName(tally, row);
}

/** Adds a name, unless its app, or all of them together, have too many. */
function addName(tally: NameTally, row: NameRow): void {
  const app = tally.byApp.get(row.app_id) ?? {
    size: 0,
    byEventName: new Map<string, Map<string, NameRow>>(),
  };
  const names = app.byEventName.get(row.event_name) ?? new Map<string, NameRow>();
  const known = names.get(row.sent_name);
  if (known) {
    known.count += row.count;
    known.first_at = Math.min(known.first_at, row.first_at);
    known.last_at = Math.max(known.last_at, row.last_at);
    return;
  }
  if (app.size >= NAMES_PER_APP || tally.size >= NAMES_IN_MEMORY_MAX) return;
  names.set(row.sent_name, row);
  app.byEventName.set(row.event_name, names);
  tally.byApp.set(row.app_id, app);
  app.size += 1;
  tally.size += 1;
}
