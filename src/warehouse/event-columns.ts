import type { EventRow } from './event-row.ts';

/** The columns of an EventRow, in the order of the log lines of earlier releases. */
export const EVENT_COLUMNS = [
  'project_id',
  'app_id',
  'event_id',
  'event_name',
  'app_user_id',
  'session_id',
  'timestamp',
  'received_at',
  'properties',
  'revenue',
  'currency',
  'key_id',
  'verified',
  'platform',
  'os_version',
  'app_version',
  'country',
  'locale',
  'device_model',
  'sdk',
] as const satisfies readonly (keyof EventRow)[];

/**
 * Earliest event time, in epoch milliseconds. The engine would read smaller values as seconds; the API rejects them
 * too.
 */
export const EVENT_MS_MIN = Date.UTC(2000, 0, 1);
/** Latest event time, in epoch milliseconds. */
export const EVENT_MS_MAX = Date.UTC(2299, 11, 31);
const DECIMAL = /^-?\d{1,18}(\.\d{1,6})?$/;

/** Returns the row in a line of the log of an earlier release: JSON, the values of EVENT_COLUMNS and the block number. */
export function decodeLine(line: string): EventRow {
  const values = JSON.parse(line) as unknown[];
  return Object.fromEntries(EVENT_COLUMNS.map((name, index) => [name, values[index]])) as EventRow;
}

/**
 * Throws TypeError for a row the engine could not read, or would read differently: it would fail the whole block, including other
 * projects' events.
 */
export function requireReadable({ timestamp, received_at, revenue, verified }: EventRow): void {
  if (!isEventTime(timestamp) || !isEventTime(received_at)) throw new TypeError('Event time out of range');
  if (revenue !== null && !DECIMAL.test(revenue)) throw new TypeError('Event revenue must be a decimal');
  if (verified !== 0 && verified !== 1) throw new TypeError('Event verified must be 0 or 1');
}

/** Whether a number is a valid event time, in epoch milliseconds. */
export function isEventTime(value: number): boolean {
  return Number.isInteger(value) && value >= EVENT_MS_MIN && value <= EVENT_MS_MAX;
}
