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

/** How many rows may be something else before the file is not what it should be. */
const OTHER_ROWS_MAX = 20;
/** Links that a mapper remembers before a new one starts without any: stored twice, a link is a duplicate. */
const LINKS_MAX = 50_000;
const NAME_CHARACTERS_MAX = 200;

/**
 * Maps the rows of an export, in order. Rows that are no events of the product are rejected. Throws if the file is no export of it:
 * none of the first 20 rows is an event.
 */
export async function* readExport(
  chunks: AsyncIterable<Buffer>,
  format: ExportFormat,
): AsyncGenerator<ExportRow | { rejected: RejectedLine }> {
  const map = createRowMapper(format);
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
  if (first)
    throw new Error(
      `This is no export of ${format.product}. Line ${first.line}: ${first.message} Expected: ${format.expected}.`,
    );
}

/** Returns a function that maps rows, starting with the first: some exports repeat what earlier rows said. */
function createRowMapper(format: ExportFormat): (row: Row) => ExportRow | { rejected: RejectedLine } {
  const read = format.createReader();
  const addIds = createIdAdder();
  let mapper = format.createMapper();
  return (row) => {
    const { line } = row;
    if ('mistake' in row) return { rejected: { line, code: 'invalid_json', message: row.mistake } };
    const sent = toFields(row.value);
    if (!format.isEvent(sent)) {
      const message = `This is no event of ${format.product}.`;
      return { rejected: { line, code: 'not_recognized', message } };
    }
    if (mapper.derivedIds.size > LINKS_MAX) mapper = format.createMapper();
    try {
      const events = mapper.map(read(sent)).flatMap(fitUserProperties);
      const name = String(format.nameOf(sent)).slice(0, NAME_CHARACTERS_MAX);
      return { line, doneLine: row.doneLine, name, events: addIds(sent, events) };
    } catch {
      return { rejected: { line, code: 'invalid_event', message: 'This event is nested too deep.' } };
    }
  };
}

/** Returns a function that gives each event of a row an ID that importing the file again gives it, too. */
function createIdAdder(): (row: Fields, events: object[]) => Fields[] {
  const deriveRowId = createIdDeriver();
  return (row, events) => {
    let rowId: string | undefined;
    return events.map((event, index) => {
      const { event_id } = toFields(event);
      if (event_id !== undefined) return { ...event, event_id: toEventId(event_id) };
      rowId ??= deriveRowId(stringifyKeepingDigits(row));
      return { ...event, event_id: index === 0 ? rowId : deriveId('imp', `${rowId}\0${index}`) };
    });
  };
}
