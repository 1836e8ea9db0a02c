import { writeDecimal } from './decimal-bytes.ts';
import { BLOCK_BYTES, DECIMAL_BYTES, type RowValues, TAIL_TEXTS, TIME_BYTES } from './row-layout.ts';
import { writeText } from './text-bytes.ts';

/** Rows in bytes, one after another (see ROW_LAYOUT), and where each ends. Their block is 0 until `fillInBlock`. */
export type EncodedRows = { bytes: Buffer; ends: readonly number[] | Uint32Array };

/** A larger buffer is not kept for the next call. */
const KEPT_BYTES_MAX = 1_000_000;
/** Upper bound for fixed-size columns and length prefixes. */
const ROW_BYTES = 128;
/** Most bytes that a UTF-16 code unit takes in UTF-8. */
const UTF8_BYTES_MAX = 3;

/** Where rows are written before their size is known. */
let space: Buffer = Buffer.allocUnsafeSlow(256 * 1024);

/** Returns rows in bytes. They must be readable (see `requireReadable`). Throws TypeError if a string column has anything else. */
export function encodeRows(rows: readonly RowValues[]): EncodedRows {
  const ends: number[] = [];
  let bytes = space;
  let at = 0;
  let before: RowValues | undefined;
  let tailBytes = 0;
  for (const row of rows) {
    bytes = withRoom(bytes, at, rowBytesMax(row));
    at = writeHead(bytes, at, row);
    if (before !== undefined && hasSameTail(row, before)) {
      const end = ends.at(-1) ?? 0;
      bytes.copyWithin(at, end - tailBytes, end);
      at += tailBytes;
    } else {
      const end = writeTail(bytes, at, row);
      tailBytes = end - at;
      at = end;
    }
    ends.push(at);
    before = row;
  }
  if (bytes.length <= KEPT_BYTES_MAX) space = bytes;
  return { bytes: Buffer.from(bytes.subarray(0, at)), ends };
}

/** Writes the block number into each row. */
export function fillInBlock({ bytes, ends }: EncodedRows, block: number): void {
  const [low, high] = [block % 2 ** 32, Math.floor(block / 2 ** 32)];
  let start = 0;
  for (const end of ends) {
    bytes.writeUInt32LE(low, start);
    bytes.writeUInt32LE(high, start + 4);
    start = end;
  }
}

function rowBytesMax(row: RowValues): number {
  const { event_id, event_name, app_user_id, session_id, properties, currency, key_id } = row;
  let length = event_id.length + event_name.length + app_user_id.length + session_id.length;
  length += properties.length + currency.length + key_id.length + row.app_id.length + row.project_id.length;
  length += row.platform.length + row.os_version.length + row.app_version.length + row.country.length;
  length += row.locale.length + row.device_model.length + row.sdk.length;
  // `length` is undefined unless the value is a string.
  if (Number.isNaN(length)) throw new TypeError('Event column must be a string');
  return ROW_BYTES + UTF8_BYTES_MAX * length;
}

function withRoom(bytes: Buffer, at: number, needed: number): Buffer {
  if (at + needed <= bytes.length) return bytes;
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * bytes.length, at + needed));
  bytes.copy(larger, 0, 0, at);
  return larger;
}

function writeHead(bytes: Buffer, start: number, row: RowValues): number {
  bytes.fill(0, start, start + BLOCK_BYTES);
  let at = writeTime(bytes, start + BLOCK_BYTES, row.timestamp);
  at = writeText(bytes, at, row.event_id);
  at = writeText(bytes, at, row.event_name);
  at = writeText(bytes, at, row.app_user_id);
  at = writeText(bytes, at, row.session_id);
  at = writeText(bytes, at, row.properties);
  if (row.revenue === null) {
    bytes[at] = 1;
    at += 1;
  } else {
    bytes[at] = 0;
    writeDecimal(bytes, at + 1, row.revenue);
    at += 1 + DECIMAL_BYTES;
  }
  return writeText(bytes, at, row.currency);
}

function writeTail(bytes: Buffer, start: number, row: RowValues): number {
  let at = start;
  for (const name of TAIL_TEXTS) at = writeText(bytes, at, row[name]);
  at = writeTime(bytes, at, row.received_at);
  at = writeText(bytes, at, row.key_id);
  bytes[at] = row.verified;
  at = writeText(bytes, at + 1, row.app_id);
  return writeText(bytes, at, row.project_id);
}

function hasSameTail(row: RowValues, before: RowValues): boolean {
  return (
    row.received_at === before.received_at &&
    row.key_id === before.key_id &&
    row.verified === before.verified &&
    row.app_id === before.app_id &&
    row.project_id === before.project_id &&
    row.platform === before.platform &&
    row.os_version === before.os_version &&
    row.app_version === before.app_version &&
    row.country === before.country &&
    row.locale === before.locale &&
    row.device_model === before.device_model &&
    row.sdk === before.sdk
  );
}

function writeTime(bytes: Buffer, at: number, ms: number): number {
  bytes.writeUInt32LE(ms % 2 ** 32, at);
  bytes.writeUInt32LE(Math.floor(ms / 2 ** 32), at + 4);
  return at + TIME_BYTES;
}
