import { toUtcMs } from '../../../lib/zone-offsets.ts';
import { extend, type Fields, toFields, toText, toTime } from '../../../sdk/mapping/event-parts.ts';
import { createEventMapper } from '../../../sdk/mixpanel/map-event.ts';
import type { ExportFormat } from './format.ts';

/**
 * Events of the raw export, and profiles of the Engage API. `time` is in seconds, or milliseconds with `time_in_ms`.
 * https://developer.mixpanel.com/reference/raw-event-export, https://developer.mixpanel.com/reference/engage-query
 */
export const MIXPANEL_EXPORT: ExportFormat = {
  name: 'mixpanel',
  product: 'Mixpanel',
  expected: 'JSON lines with "event" and "properties" per event, and in those "time" and "distinct_id"',
  isEvent: (row) => isProfile(row) || (toText(row.event) !== undefined && 'time' in toFields(row.properties)),
  nameOf: (row) => (isProfile(row) ? 'profile' : row.event),
  createMapper: createEventMapper,
  hasLocalTimes: true,
  createReader: (timeZone) => (row) => ({
    sent: timeZone === undefined ? row : withUtcTime(row, timeZone),
  }),
};

/** In projects from before 2023, `time` counts the seconds of the project's time zone. */
function withUtcTime(row: Fields, timeZone: string): Fields {
  const properties = toFields(row.properties);
  const localMs = toTime(properties.time);
  if (typeof localMs !== 'number') return row;
  return { ...row, properties: extend(properties, { time: toUtcMs(timeZone, localMs) }) };
}

const isProfile = ({ $distinct_id, $properties }: Fields): boolean =>
  toText($distinct_id) !== undefined && typeof $properties === 'object';
