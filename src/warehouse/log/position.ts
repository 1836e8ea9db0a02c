import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** How far the log is: the highest acknowledged block, and the block up to which all are in the tables. */
export type LogPosition = { acknowledged: number; insertedUpTo: number };

const BYTES = 20;
const [ACKNOWLEDGED_AT, INSERTED_AT] = [4, 12];

/** Returns the position in a file; undefined if there is none to trust. */
export function readPosition(file: string): LogPosition | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  if (bytes.length !== BYTES || crc32(bytes.subarray(ACKNOWLEDGED_AT)) !== bytes.readUInt32LE(0))
    return undefined;
  return {
    acknowledged: bytes.readDoubleLE(ACKNOWLEDGED_AT),
    insertedUpTo: bytes.readDoubleLE(INSERTED_AT),
  };
}

/** A file that follows the position. */
export type PositionFile = { write(position: LogPosition): void; close(): void };

/**
 * Opens or creates the file; throws the system's error. A write is not synced, and costs microseconds: what a killed
 * process wrote is in the page cache, and after a power failure the file says less than the log contains, never more. So it
 * shows that acknowledged blocks are missing from the log's end, which nothing in the log itself can show.
 */
export function openPosition(file: string): PositionFile {
  // Not O_APPEND, with which a write at offset 0 would go to the end.
  const handle = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  const bytes = Buffer.alloc(BYTES);
  return {
    write({ acknowledged, insertedUpTo }) {
      bytes.writeDoubleLE(acknowledged, ACKNOWLEDGED_AT);
      bytes.writeDoubleLE(insertedUpTo, INSERTED_AT);
      bytes.writeUInt32LE(crc32(bytes.subarray(ACKNOWLEDGED_AT)), 0);
      writeSync(handle, bytes, 0, BYTES, 0);
    },
    close() {
      closeSync(handle);
    },
  };
}
