import { stringifyKeepingDigits } from '../../lib/exact-json.ts';
import { createEventCheck } from './event-check.ts';
import { createLineParser } from './event-line.ts';
import { type ExportKind, readExport } from './export-events.ts';
import type { ReadEvents } from './import-events.ts';
import { splitLines } from './lines.ts';
import type { MappingTally } from './mapping-tally.ts';

/** Reads events of Appflow, one JSON object per line. */
export async function* readOwnEvents(chunks: AsyncIterable<Buffer>): AsyncGenerator<ReadEvents> {
  const parseLine = createLineParser();
  for await (const line of splitLines(chunks)) {
    const parsed = parseLine(line);
    const { number } = line;
    yield 'json' in parsed
      ? { line: number, doneLine: number, events: [parsed.json] }
      : { line: number, ...parsed };
  }
}

/** Reads another product's export, adds what the server accepts of it at `nowMs` to the tally, and throws what `readExport` throws. */
export async function* readExportEvents(
  chunks: AsyncIterable<Buffer>,
  kind: ExportKind,
  tally: MappingTally,
  nowMs: number,
): AsyncGenerator<ReadEvents> {
  const findRejection = createEventCheck(nowMs);
  for await (const row of readExport(chunks, kind, findRejection)) {
    if ('rejected' in row) {
      tally.addRejected(row.rejected);
      yield { line: row.rejected.line, ...row };
      continue;
    }
    tally.addRow(
      row,
      row.events.filter((event) => !findRejection(event)),
    );
    const { line, doneLine, events } = row;
    yield { line, doneLine, events: events.map(stringifyKeepingDigits) };
  }
}
