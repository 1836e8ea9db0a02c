import { extend, type Fields, isFilled, readText, toText } from '../../../sdk/mapping/event-parts.ts';
import { boundProperties, mapEvent } from '../../../sdk/posthog/map-event.ts';
import type { ExportFormat, ReadRow } from './format.ts';
import { parseColumn } from './parse-column.ts';
import { toSnapshotId } from './snapshots.ts';

const SET_NAMES: ReadonlySet<string> = new Set(['$set', '$set_once']);
/** What the event with a person's properties must not repeat: the event itself has it. */
const REPLACED_NAMES: ReadonlySet<string> = new Set([...SET_NAMES, '$unset', '$insert_id']);

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
  createReader: () => (row) => {
    const properties = boundProperties(parseColumn(row, 'properties'));
    const all = parseColumn(row, 'person_properties');
    const event = extend(row, { uuid: row.uuid ?? row.id, properties });
    return isFilled(all) ? splitSnapshot(event, properties, all) : { sent: event };
  },
};

/** Takes from an event what it sets, which is in what the person has after it. */
function splitSnapshot(event: Fields, properties: Fields, all: Fields): ReadRow {
  const sent = extend(event, { $set: {}, $set_once: {}, properties: extend(properties, {}, SET_NAMES) });
  const toSent = () =>
    extend(sent, {
      event: '$set',
      uuid: toSnapshotId(readText(event, 'uuid') ?? readText(properties, '$insert_id')),
      properties: extend(properties, { $set: all }, REPLACED_NAMES),
    });
  const person = readText(event, 'distinct_id');
  return { sent, snapshot: { person, time: event.timestamp, properties: all, toSent } };
}
