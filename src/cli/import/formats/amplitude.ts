import { createEventMapper } from '../../../sdk/amplitude/map-event.ts';
import { extend, readText, toText } from '../../../sdk/mapping/event-parts.ts';
import { toCountryCode } from './country-code.ts';
import type { ExportFormat } from './format.ts';
import { parseColumn } from './parse-column.ts';
import { toSnapshotId } from './snapshots.ts';

/**
 * Events of the Export API: JSON lines, with times in UTC without a zone, and all user properties of the person with every event.
 * https://amplitude.com/docs/apis/analytics/export
 */
export const AMPLITUDE_EXPORT: ExportFormat = {
  name: 'amplitude',
  product: 'Amplitude',
  expected:
    'JSON lines with "event_type", "event_time" and "device_id" or "user_id" per event (unzip the download first)',
  isEvent: ({ event_type, event_time }) =>
    toText(event_type) !== undefined && toText(event_time) !== undefined,
  nameOf: ({ event_type }) => event_type,
  createMapper: createEventMapper,
  hasCountryNames: true,
  createReader: () => (row) => {
    const user_properties = parseColumn(row, 'user_properties');
    const insert_id = row.$insert_id ?? row.uuid;
    const sent = extend(row, {
      insert_id,
      time: row.event_time,
      app_version: row.version_name,
      country: toCountryCode(row.country),
      device_model: row.device_model ?? row.device_type ?? row.device_family,
      event_properties: parseColumn(row, 'event_properties'),
      user_properties: {},
    });
    const toSent = () =>
      extend(sent, {
        event_type: '$identify',
        insert_id: toSnapshotId(toText(insert_id)),
        user_properties,
      });
    const person = readText(row, 'user_id') ?? readText(row, 'device_id');
    return { sent, snapshot: { person, time: row.event_time, properties: user_properties, toSent } };
  },
};
