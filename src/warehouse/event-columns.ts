import type { EventRow } from './event-row.ts';

/** The columns of `events` that an EventRow fills, in the order of the encoded line. `block` follows. */
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

/**
 * Returns the row as the start of a JSONCompactEachRow line, `[…` without the closing bracket, so that the block
 * number can follow. Throws TypeError for a row the engine could not read: it would fail the whole block, including
 * other projects' events.
 */
export function encodeRow(row: EventRow): string {
  if (!isEventTime(row.timestamp) || !isEventTime(row.received_at))
    throw new TypeError('Event time out of range');
  if (row.revenue !== null && !DECIMAL.test(row.revenue)) throw new TypeError('Event revenue is no decimal');
  if (row.verified !== 0 && row.verified !== 1) throw new TypeError('Event verified is neither 0 nor 1');
  const line = JSON.stringify([
    text(row.project_id),
    text(row.app_id),
    text(row.event_id),
    text(row.event_name),
    text(row.app_user_id),
    text(row.session_id),
    row.timestamp,
    row.received_at,
    text(row.properties),
    row.revenue,
    text(row.currency),
    text(row.key_id),
    row.verified,
    text(row.platform),
    text(row.os_version),
    text(row.app_version),
    text(row.country),
    text(row.locale),
    text(row.device_model),
    text(row.sdk),
  ]);
  return line.slice(0, -1);
}

/** Returns the row in a complete line: one of `encodeRow` with the block number and the closing bracket. */
export function decodeLine(line: string): EventRow {
  const values = JSON.parse(line) as unknown[];
  return Object.fromEntries(EVENT_COLUMNS.map((name, index) => [name, values[index]])) as EventRow;
}

/** Whether a number is a valid event time, in epoch milliseconds. */
export function isEventTime(value: number): boolean {
  return Number.isInteger(value) && value >= EVENT_MS_MIN && value <= EVENT_MS_MAX;
}

/** Half a surrogate pair becomes U+FFFD: the engine stores UTF-8, which cannot represent halves. */
function text(value: string): string {
  if (typeof value !== 'string') throw new TypeError('Event column is no text');
  return value.toWellFormed();
}
