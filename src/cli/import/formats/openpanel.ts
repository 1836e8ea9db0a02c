import { extend, type Fields, toText } from '../../../sdk/mapping/event-parts.ts';
import { createEventMapper } from '../../../sdk/openpanel/map-event.ts';
import { toCountryCode } from './country-code.ts';
import type { ExportFormat } from './format.ts';
import { parseColumn } from './parse-column.ts';

/**
 * Events of the Export API (`{"data": […]}`, or one per line), and of the table `events` of a self-hosted server, as JSON lines: in
 * CSV, ClickHouse writes the map `properties` in a form of its own.
 * https://openpanel.dev/docs/api/export
 */
export const OPENPANEL_EXPORT: ExportFormat = {
  name: 'openpanel',
  product: 'OpenPanel',
  expected: 'JSON lines with "name", "deviceId" or "device_id", and "createdAt" or "created_at" per event',
  isEvent: (row) => toText(row.name) !== undefined && hasTime(row) && hasPerson(row),
  nameOf: ({ name }) => name,
  createMapper: createEventMapper,
  hasCountryNames: true,
  createReader: () => (row) => ({
    sent: extend(row, {
      country: toCountryCode(row.country),
      properties: parseColumn(row, 'properties'),
    }),
  }),
};

const hasTime = ({ createdAt, created_at }: Fields): boolean => toText(createdAt ?? created_at) !== undefined;

const hasPerson = (row: Fields): boolean =>
  [row.deviceId, row.device_id, row.profileId, row.profile_id].some((id) => toText(id) !== undefined);
