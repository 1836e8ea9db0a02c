import {
  extend,
  type Fields,
  isFilled,
  readText,
  toFields,
  toText,
} from '../../../sdk/mapping/event-parts.ts';
import { boundProperties, mapEvent } from '../../../sdk/posthog/map-event.ts';
import type { ExportFormat } from './format.ts';
import { parseColumn } from './parse-column.ts';
import { createSnapshotFilter } from './snapshots.ts';

const SET_NAMES: ReadonlySet<string> = new Set(['$set', '$set_once']);

/**
 * Events of a batch export (JSON lines), of the table `events` (CSV) and of the API (`{"results": […]}`).
 * https://posthog.com/docs/cdp/batch-exports, https://posthog.com/docs/api/events
 */
export const POSTHOG_EXPORT: ExportFormat = {
  name: 'posthog',
  product: 'PostHog',
  expected: 'JSON lines or CSV with "event", "distinct_id", "timestamp" and "properties" per event',
  isEvent: ({ event, distinct_id }) => toText(event) !== undefined && toText(distinct_id) !== undefined,
  nameOf: ({ event }) => event,
  createMapper: () => ({ map: mapEvent, derivedIds: new Set() }),
  createReader() {
    const isNews = createSnapshotFilter();
    return (row) => {
      const sent = boundProperties(parseColumn(row, 'properties'));
      const all = parseColumn(row, 'person_properties');
      const event = { ...row, uuid: row.uuid ?? row.id };
      if (!isFilled(all)) return { ...event, properties: sent };
      // What the event sets is in what the person has after it.
      const properties = extend(sent, {}, SET_NAMES);
      const $set = isNews(readText(row, 'distinct_id'), row.timestamp, all) ? all : {};
      return { ...event, $set: {}, $set_once: {}, properties: addSet(properties, $set) };
    };
  },
};

const addSet = (properties: Fields, $set: Fields): Fields =>
  isFilled($set) ? extend(properties, { $set: toFields($set) }) : properties;
