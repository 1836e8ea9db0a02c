import { toFields, toText } from '../../../sdk/mapping/event-parts.ts';
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
  createReader: () => (row) => row,
};

const isProfile = ({ $distinct_id, $properties }: Record<string, unknown>): boolean =>
  toText($distinct_id) !== undefined && typeof $properties === 'object';
