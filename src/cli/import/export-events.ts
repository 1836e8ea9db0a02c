import { messageOf } from '../../lib/errors.ts';
import { stringifyKeepingDigits } from '../../lib/exact-json.ts';
import { toEventId } from '../../sdk/mapping/event-id.ts';
import { deriveId, type Fields, toFields } from '../../sdk/mapping/event-parts.ts';
import { fitUserProperties } from '../../sdk/mapping/fit-user-properties.ts';
import { createIdDeriver } from './event-line.ts';
import type { ExportFormat } from './formats/format.ts';
import { type Row, readRows } from './rows.ts';
import type { RejectedLine } from './totals.ts';

/** A row of another product's export, and our events for it: none if it is ignored. `name` is that of the product. */
export type ExportRow = { line: number; doneLine: number; name: string; events: Fields[] };

/** An export to read: the product's format, and the time zone of its local times. */
export type ExportKind = { format: ExportFormat; timeZone: string | undefined };

/** How many rows may be something else before the file is not what it should be. */
const OTHER_ROWS_MAX = 20;
/** Links that a mapper remembers before a new one starts without any: stored twice, a link is a duplicate. */
const LINKS_MAX = 500_000;
const NAME_CHARACTERS_MAX = 200;

/**
 * Maps the rows of an export, in order. Rejects rows that are not events from the product, and throws if the file is not an
 * export from it: none of the first 20 rows is an event.
 */
export async function* readExport(
  chunks: AsyncIterable<Buffer>,
  kind: ExportKind,
): AsyncGenerator<ExportRow | { rejected: RejectedLine }> {
  const map = createRowMapper(kind);
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
function createRowMapper({
  format,
  timeZone,
}: ExportKind): (row: Row) => ExportRow | { rejected: RejectedLine } {
  const read = format.createReader(timeZone);
  const addIds = createIdAdder();
  let mapper = format.createMapper();
  return (row) => {
    const { line } = row;
    if ('mistake' in row) return { rejected: { line, code: 'invalid_json', message: row.mistake } };
    const sent = toFields(row.value);
    if (!format.isEvent(sent)) {
      const message = `This is not an event from ${format.product}.`;
      return { rejected: { line, code: 'not_recognized', message } };
    }
    if (mapper.derivedIds.size > LINKS_MAX) mapper = format.createMapper();
    try {
      const events = mapper.map(read(sent)).flatMap(fitUserProperties);
      const name = String(format.nameOf(sent)).slice(0, NAME_CHARACTERS_MAX);
      return { line, doneLine: row.doneLine, name, events: addIds(sent, events) };
    } catch (error) {
      // The stack overflows.
      const isDeep = error instanceof RangeError;
      const message = isDeep ? 'This event is nested too deep.' : messageOf(error);
      return { rejected: { line, code: 'invalid_event', message } };
    }
  };
}

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
