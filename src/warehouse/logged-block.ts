import { decodeLine } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { createEventHasher, eventKey } from './id-filter.ts';
import type { LogRecord } from './log/record.ts';
import { isPersonEvent } from './persons/read-reserved.ts';
import { decodeRow, decodeRows } from './rows/decode-rows.ts';
import { type EncodedRows, encodeRows, fillInBlock } from './rows/encode-rows.ts';

/** A block that is in the log: its number, and its rows in bytes, as the log contains them and the engine reads them. */
export type LoggedBlock = EncodedRows & {
  block: number;
  /** The hash of each row's dedupe key. */
  hashes: Int32Array;
  /** The rows from which persons are derived. */
  personRows: readonly EventRow[];
};

/** Returns rows, in the bytes that end where `ends` says, as a block that doesn't keep the row objects. */
export function createLoggedBlock(
  block: number,
  { bytes, ends }: EncodedRows,
  rows: readonly EventRow[],
  hashes: readonly number[],
): LoggedBlock {
  const personRows = rows.filter(isPersonEvent);
  return { block, bytes, ends: Uint32Array.from(ends), hashes: Int32Array.from(hashes), personRows };
}

/** Returns the block in a record of the log. */
export function toLoggedBlock({
  block,
  format,
  bytes,
}: Pick<LogRecord, 'block' | 'format' | 'bytes'>): LoggedBlock {
  if (format === 'rows') {
    const { rows, ends } = decodeRows(bytes);
    return createLoggedBlock(block, { bytes, ends }, rows, rows.map(createEventHasher()));
  }
  return encodeBlock(block, bytes.toString('utf8').split('\n').map(decodeLine));
}

/** Returns rows as a block. */
export function encodeBlock(block: number, rows: readonly EventRow[]): LoggedBlock {
  const encoded = encodeRows(rows);
  fillInBlock(encoded, block);
  return createLoggedBlock(block, encoded, rows, rows.map(createEventHasher()));
}

/** Whether a block has a row with this dedupe key; `hash` is the key's. */
export function hasKey({ bytes, ends, hashes }: LoggedBlock, key: string, hash: number): boolean {
  for (let index = hashes.indexOf(hash); index !== -1; index = hashes.indexOf(hash, index + 1)) {
    if (eventKey(decodeRow(bytes, ends[index - 1] ?? 0)) === key) return true;
  }
  return false;
}
