import type { Fields } from '../../sdk/mapping/event-parts.ts';
import { createEventCheck } from './event-check.ts';
import { type ExportKind, type ExportRow, readExport } from './export-events.ts';
import { createMappingTally, type Mapping } from './mapping-tally.ts';
import type { Source } from './source.ts';

/** Where a dry run reports that it is still reading, and the time in epoch milliseconds. */
export type DryRunEnvironment = { notify: (sentence: string) => void; now: () => number };

const NOTICE_EVERY_MS = 5_000;
const MEGABYTE = 1_000_000;

/** Maps another product's export and validates the events as the server does, without sending any. Throws what `readExport` throws. */
export async function runDry(
  source: Pick<Source, 'bytes' | 'readBytes' | 'totalBytes'>,
  kind: ExportKind,
  environment: DryRunEnvironment,
): Promise<Mapping> {
  const tally = createMappingTally();
  const findRejection = createEventCheck(environment.now());

  /** Returns the events of a row that the server would accept, and adds the others to the tally. */
  function listValid({ line, events }: ExportRow): Fields[] {
    return events.filter((event) => {
      const rejection = findRejection(event);
      if (!rejection) return true;
      const { code, field, message } = rejection;
      tally.addRejected({ line, code, message: `${field}: ${message}` });
      return false;
    });
  }

  for await (const row of readExport(watchReading(source, environment), kind, findRejection)) {
    if ('rejected' in row) tally.addRejected(row.rejected);
    else tally.addRow(row, listValid(row));
  }
  return tally.read();
}

async function* watchReading(
  { bytes, readBytes, totalBytes }: Parameters<typeof runDry>[0],
  { notify, now }: DryRunEnvironment,
): AsyncGenerator<Buffer> {
  let notifiedAt = now();
  for await (const chunk of bytes) {
    yield chunk;
    if (now() - notifiedAt < NOTICE_EVERY_MS) continue;
    notifiedAt = now();
    const of = totalBytes === undefined ? '' : ` of ${(totalBytes / MEGABYTE).toFixed(1)}`;
    notify(`${(readBytes() / MEGABYTE).toFixed(1)}${of} MB read`);
  }
}
