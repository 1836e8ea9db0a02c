import type { EventRow } from '../warehouse/event-row.ts';

/**
 * What orders events of the same time: the id, and what may share it, the app and the kind of key. A cursor from before
 * version 0.2 has the id alone, which sorts before all events of that id.
 */
export type EventTie =
  | readonly [eventId: string]
  | readonly [eventId: string, appId: string, verified: number];

/** The columns of an EventTie, in order. */
export const TIE_COLUMNS = ['event_id', 'app_id', 'verified'] as const;

/** Returns what orders an event among those of the same time. */
export function toTie({
  event_id,
  app_id,
  verified,
}: Pick<EventRow, (typeof TIE_COLUMNS)[number]>): EventTie {
  return [event_id, app_id, verified];
}

/** Whether a value decoded from a client's cursor is an EventTie. */
export function isTie(value: readonly unknown[]): boolean {
  const [eventId, appId, verified] = value;
  if (typeof eventId !== 'string') return false;
  if (value.length === 1) return true;
  return value.length === 3 && typeof appId === 'string' && (verified === 0 || verified === 1);
}

/** Returns SQL that compares the columns with an EventTie under `tieParams`. */
export function tieSql(comparison: '<' | '>'): string {
  return `(event_id, toString(app_id), verified) ${comparison} ({tie_id:String}, {tie_app:String}, {tie_verified:UInt8})`;
}

/** Returns the parameters of `tieSql`. */
export function tieParams([tie_id, tie_app = '', tie_verified = 0]: EventTie): Record<string, unknown> {
  return { tie_id, tie_app, tie_verified };
}
