import { crc32 } from 'node:zlib';

/** One block in the log. */
export type LogRecord = {
  block: number;
  /** The number of the block before it in the log, 0 if there is none: what lies between two records is missing. */
  previous: number;
  /** The highest block that was in the tables when this one was written. */
  insertedUpTo: number;
  rowCount: number;
  /** What `bytes` contains: rows (see ROW_LAYOUT), or a JSON line per row, as earlier releases wrote. */
  format: 'rows' | 'lines';
  bytes: Buffer;
};

/** A record as it is written. */
export type NewRecord = Omit<LogRecord, 'format'>;

/** Bytes of a segment that are no record although records follow, or that are a whole record with a wrong checksum. */
export type DamagedRange = {
  from: number;
  to: number;
  /** The rows that it contained; undefined if its header is damaged too. */
  rowCount: number | undefined;
  /** The record after it, by its place in `records`; undefined if none is. */
  next: number | undefined;
};

/** What a segment contains. `tornAt` is where a record begins whose writing was cut short; it was never acknowledged. */
export type ParsedSegment = { records: LogRecord[]; damaged: DamagedRange[]; tornAt: number | undefined };

/** Starts with a byte that UTF-8 never contains, so that no text looks like the start of a record. The fourth byte is the format. */
const MAGIC = Buffer.from([0xff, 0x41, 0x46]);
const [FORMAT_AT, LINES, ROWS] = [3, 0x31, 0x32] as const;
/** Magic, format, checksum of the header, checksum of the bytes, their length, rows, block, previous, insertedUpTo. */
const HEADER_BYTES = 44;
const [HEADER_SUM_AT, BYTES_SUM_AT, LENGTH_AT, ROWS_AT, BLOCK_AT, PREVIOUS_AT, INSERTED_AT] = [
  4, 8, 12, 16, 20, 28, 36,
];

/** Returns the bytes of a record. */
export function encodeRecord({ block, previous, insertedUpTo, rowCount, bytes }: NewRecord): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header[FORMAT_AT] = ROWS;
  header.writeUInt32LE(crc32(bytes), BYTES_SUM_AT);
  header.writeUInt32LE(bytes.length, LENGTH_AT);
  header.writeUInt32LE(rowCount, ROWS_AT);
  header.writeDoubleLE(block, BLOCK_AT);
  header.writeDoubleLE(previous, PREVIOUS_AT);
  header.writeDoubleLE(insertedUpTo, INSERTED_AT);
  header.writeUInt32LE(crc32(header.subarray(BYTES_SUM_AT)), HEADER_SUM_AT);
  return Buffer.concat([header, bytes]);
}

/** Returns the records of a segment and what of it is no record. Continues after damage at the next intact record. */
export function parseSegment(bytes: Buffer): ParsedSegment {
  const parsed: ParsedSegment = { records: [], damaged: [], tornAt: undefined };
  for (let at = 0; at < bytes.length; ) {
    const record = readRecord(bytes, at);
    if (record !== undefined) {
      parsed.records.push(record);
      at += HEADER_BYTES + lengthOf(bytes, at);
      continue;
    }
    const next = findRecord(bytes, at + 1);
    if (next === undefined && isTorn(bytes, at)) {
      parsed.tornAt = at;
      break;
    }
    const rowCount = isHeader(bytes, at) ? bytes.readUInt32LE(at + ROWS_AT) : undefined;
    const to = next ?? bytes.length;
    parsed.damaged.push({
      from: at,
      to,
      rowCount,
      next: next === undefined ? undefined : parsed.records.length,
    });
    at = to;
  }
  return parsed;
}

function readRecord(bytes: Buffer, at: number): LogRecord | undefined {
  if (!isHeader(bytes, at)) return undefined;
  const from = at + HEADER_BYTES;
  const content = bytes.subarray(from, from + lengthOf(bytes, at));
  if (content.length < lengthOf(bytes, at) || crc32(content) !== bytes.readUInt32LE(at + BYTES_SUM_AT))
    return undefined;
  return {
    block: bytes.readDoubleLE(at + BLOCK_AT),
    previous: bytes.readDoubleLE(at + PREVIOUS_AT),
    insertedUpTo: bytes.readDoubleLE(at + INSERTED_AT),
    rowCount: bytes.readUInt32LE(at + ROWS_AT),
    format: bytes[at + FORMAT_AT] === LINES ? 'lines' : 'rows',
    bytes: content,
  };
}

const lengthOf = (bytes: Buffer, at: number) => bytes.readUInt32LE(at + LENGTH_AT);

function isHeader(bytes: Buffer, at: number): boolean {
  if (at + HEADER_BYTES > bytes.length || bytes.compare(MAGIC, 0, FORMAT_AT, at, at + FORMAT_AT) !== 0)
    return false;
  if (bytes[at + FORMAT_AT] !== LINES && bytes[at + FORMAT_AT] !== ROWS) return false;
  return (
    crc32(bytes.subarray(at + BYTES_SUM_AT, at + HEADER_BYTES)) === bytes.readUInt32LE(at + HEADER_SUM_AT)
  );
}

/** Returns where the next intact record begins. */
function findRecord(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(MAGIC, from); at !== -1; at = bytes.indexOf(MAGIC, at + 1))
    if (readRecord(bytes, at) !== undefined) return at;
  return undefined;
}

/**
 * Whether the rest of a segment is a record that a kill or a power failure cut short: there is less than its header says,
 * or its last page was never written, which leaves zeros. No row ends with a zero.
 */
function isTorn(bytes: Buffer, at: number): boolean {
  if (at + HEADER_BYTES > bytes.length || bytes[bytes.length - 1] === 0) return true;
  return isHeader(bytes, at) && at + HEADER_BYTES + lengthOf(bytes, at) > bytes.length;
}
