import { messageOf } from '../../lib/errors.ts';
import { stringifyKeepingDigits } from '../../lib/exact-json.ts';
import { toEventId } from '../../sdk/mapping/event-id.ts';
import { deriveId, type Fields, toFields, toText, toTime } from '../../sdk/mapping/event-parts.ts';
import { fitUserProperties } from '../../sdk/mapping/fit-user-properties.ts';
import type { EventCheck } from './event-check.ts';
import { createIdDeriver } from './event-line.ts';
import { toCountryCode } from './formats/country-code.ts';
import type { ExportFormat, ReadRow, Snapshot } from './formats/format.ts';
import { createSnapshotFilter } from './formats/snapshots.ts';
import { isNestedDeeper } from './nesting.ts';
import type { Row } from './row.ts';
import { readRows } from './rows.ts';
import type { RejectedLine } from './totals.ts';

/** A row of another product's export, and our events for it: none if it is ignored. `name` is that of the product. */
export type ExportRow = {
  line: number;
  doneLine: number;
  name: string;
  /** The name of a country that has no code here. */
  unknownCountry: string | undefined;
  events: Fields[];
};

/** An export to read: the product's format, and the time zone of its local times. */
export type ExportKind = { format: ExportFormat; timeZone: string | undefined };

/** How many rows may be something else before the file is not what it should be. */
const OTHER_ROWS_MAX = 20;
/** Links that a mapper remembers before a new one starts without any: stored twice, a link is a duplicate. */
const LINKS_MAX = 500_000;
const NAME_CHARACTERS_MAX = 200;
/** Far above the 5 levels of properties, and far below what overflows the stack. */
const LEVELS_MAX = 100;

/**
 * Maps the rows of an export, in order. Rejects rows that are not events from the product, and throws if the file is not an
 * export from it: none of the first 20 rows is an event.
 */
export async function* readExport(
  chunks: AsyncIterable<Buffer>,
  kind: ExportKind,
  findRejection: EventCheck,
): AsyncGenerator<ExportRow | { rejected: RejectedLine }> {
  const map = createRowMapper(kind, findRejection);
  let others: RejectedLine[] = [];
  let isRecognized = false;
  for await (const row of readRows(chunks)) {
    const read = map(row);
    if (isRecognized || 'events' in read) {
      for (const rejected of others) yield { rejected };
      others = [];
      isRecognized = true;
      yield read;
      continue;
    }
    others.push(read.rejected);
    if (others.length === OTHER_ROWS_MAX) break;
  }
  const [first] = others;
  const { product, expected } = kind.format;
  if (first)
    throw new Error(
      `The file is not an export from ${product}. Line ${first.line}: ${first.message} Expected: ${expected}.`,
    );
}

/** Returns a function that maps rows, starting with the first: some exports repeat what earlier rows said. */
function createRowMapper(
  { format, timeZone }: ExportKind,
  findRejection: EventCheck,
): (row: Row) => ExportRow | { rejected: RejectedLine } {
  const read = format.createReader(timeZone);
  const hasChanged = createSnapshotFilter();
  const addIds = createIdAdder();
  let mapper = format.createMapper();

  function mapRead({ sent, snapshot }: ReadRow): object[] {
    if (isNestedDeeper([sent, snapshot?.properties], LEVELS_MAX))
      throw new Error('This event is nested too deep.');
    const events = mapper.map(sent);
    // Whatever the row itself becomes: the next row with the same user properties leaves them out.
    if (!snapshot || findRejection(toProbe(snapshot)) || !hasChanged(snapshot)) return events;
    return [...events, ...mapper.map(snapshot.toSent())];
  }

  return (row) => {
    const { line } = row;
    if ('mistake' in row) return { rejected: { line, code: row.code, message: row.mistake } };
    const sent = toFields(row.value);
    if (!format.isEvent(sent)) {
      const message = `This is not an event from ${format.product}.`;
      return { rejected: { line, code: 'not_recognized', message } };
    }
    if (mapper.derivedIds.size > LINKS_MAX) mapper = format.createMapper();
    try {
      const events = mapRead(read(sent)).flatMap(fitUserProperties);
      const name = shorten(String(format.nameOf(sent)));
      const unknownCountry = format.hasCountryNames ? findUnknownCountry(sent.country) : undefined;
      return { line, doneLine: row.doneLine, name, unknownCountry, events: addIds(sent, events) };
    } catch (error) {
      return { rejected: { line, code: 'invalid_event', message: messageOf(error) } };
    }
  };
}

/** An event with the time and person of a snapshot: if the server rejects those, a later row has to bring the user properties. */
const toProbe = ({ person, time }: Snapshot): Fields => ({
  ...{ event_id: 'probe', event_name: '$set', app_user_id: person, timestamp: toTime(time) },
  properties: { $set: { known: true } },
});

function findUnknownCountry(country: unknown): string | undefined {
  const name = toText(country);
  return name === undefined || toCountryCode(name) !== undefined ? undefined : shorten(name);
}

const shorten = (name: string): string => name.slice(0, NAME_CHARACTERS_MAX);

/** Returns a function that gives each event of a row an ID that importing the file again gives it, too. */
function createIdAdder(): (row: Fields, events: object[]) => Fields[] {
  const deriveRowId = createIdDeriver();
  return (row, events) => {
    const rowIds: string[] = [];
    // Counts the events without an ID only: whether there is a link before them depends on earlier rows.
    const nextId = () => {
      const [first = deriveRowId(stringifyKeepingDigits(row))] = rowIds;
      rowIds.push(first);
      return rowIds.length === 1 ? first : deriveId('imp', `${first}\0${rowIds.length}`);
    };
    return events.map((event) => {
      const { event_id } = toFields(event);
      return { ...event, event_id: event_id === undefined ? nextId() : toEventId(event_id) };
    });
  };
}
