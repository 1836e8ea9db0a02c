import { readDecimal } from './decimal-bytes.ts';
import { BLOCK_BYTES, DECIMAL_BYTES, type RowValues, TAIL_TEXTS, TIME_BYTES } from './row-layout.ts';
import { type Reader, readText } from './text-bytes.ts';

/** Returns all rows in bytes, and where each ends. */
export function decodeRows(bytes: Buffer): { rows: RowValues[]; ends: number[] } {
  const rows: RowValues[] = [];
  const ends: number[] = [];
  for (const reader = { bytes, at: 0 }; reader.at < bytes.length; ) {
    rows.push(readRow(reader));
    ends.push(reader.at);
  }
  return { rows, ends };
}

/** Returns the row that begins at a byte. */
export const decodeRow = (bytes: Buffer, at: number): RowValues => readRow({ bytes, at });

function readRow(reader: Reader): RowValues {
  reader.at += BLOCK_BYTES;
  const head = {
    timestamp: readTime(reader),
    event_id: readText(reader),
    event_name: readText(reader),
    app_user_id: readText(reader),
    session_id: readText(reader),
    properties: readText(reader),
    revenue: readRevenue(reader),
    currency: readText(reader),
  };
  const texts = TAIL_TEXTS.map((name) => [name, readText(reader)]);
  return {
    ...head,
    ...(Object.fromEntries(texts) as Pick<RowValues, (typeof TAIL_TEXTS)[number]>),
    received_at: readTime(reader),
    key_id: readText(reader),
    verified: readByte(reader) === 0 ? 0 : 1,
    app_id: readText(reader),
    project_id: readText(reader),
  };
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
