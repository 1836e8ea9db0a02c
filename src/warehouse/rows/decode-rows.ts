import { readDecimal } from './decimal-bytes.ts';
import { BLOCK_BYTES, DECIMAL_BYTES, type RowValues, TAIL_TEXTS, TIME_BYTES } from './row-layout.ts';
import { type Reader, readText } from './text-bytes.ts';

/** The columns that rows of one request have in common, and where they were read. */
type Tail = { values: Omit<RowValues, keyof ReturnType<typeof readHead>>; start: number; end: number };

/** Returns all rows in bytes, and where each ends. */
export function decodeRows(bytes: Buffer): { rows: RowValues[]; ends: number[] } {
  const rows: RowValues[] = [];
  const ends: number[] = [];
  let tail: Tail | undefined;
  for (const reader = { bytes, at: 0 }; reader.at < bytes.length; ) {
    const head = readHead(reader);
    if (tail !== undefined && isRepeated(reader, tail)) reader.at += tail.end - tail.start;
    else tail = readTail(reader);
    rows.push({ ...head, ...tail.values });
    ends.push(reader.at);
  }
  return { rows, ends };
}

/** Returns the row that begins at a byte. */
export function decodeRow(bytes: Buffer, at: number): RowValues {
  const reader = { bytes, at };
  return { ...readHead(reader), ...readTail(reader).values };
}

/** Whether the same bytes come next, which is cheaper to find out than to read them. */
function isRepeated({ bytes, at }: Reader, { start, end }: Tail): boolean {
  const to = at + end - start;
  return to <= bytes.length && bytes.compare(bytes, start, end, at, to) === 0;
}

function readHead(reader: Reader) {
  reader.at += BLOCK_BYTES;
  return {
    timestamp: readTime(reader),
    event_id: readText(reader),
    event_name: readText(reader),
    app_user_id: readText(reader),
    session_id: readText(reader),
    properties: readText(reader),
    revenue: readRevenue(reader),
    currency: readText(reader),
  };
}

function readTail(reader: Reader): Tail {
  const start = reader.at;
  const texts = TAIL_TEXTS.map((name) => [name, readText(reader)]);
  const values: Tail['values'] = {
    ...(Object.fromEntries(texts) as Pick<RowValues, (typeof TAIL_TEXTS)[number]>),
    received_at: readTime(reader),
    key_id: readText(reader),
    verified: readByte(reader) === 0 ? 0 : 1,
    app_id: readText(reader),
    project_id: readText(reader),
  };
  return { values, start, end: reader.at };
}

function readTime(reader: Reader): number {
  const { bytes, at } = reader;
  reader.at += TIME_BYTES;
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

function readByte(reader: Reader): number {
  reader.at += 1;
  return reader.bytes[reader.at - 1] ?? 0;
}

function readRevenue(reader: Reader): string | null {
  if (readByte(reader) === 1) return null;
  reader.at += DECIMAL_BYTES;
  return readDecimal(reader.bytes, reader.at - DECIMAL_BYTES);
}
