import { existsSync, readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/**
 * Returns whether the write-ahead log beside a database lacks commits that it must have. SQLite itself takes the end of
 * what it can read for the end of the log, and would continue without them. The shared-memory file of a process that was
 * killed still says how far the log went (https://sqlite.org/walformat.html); after a power failure it never says more
 * than the log contains, because each commit was synced first. Call it before the database is opened.
 */
export function lacksCommits(file: string): boolean {
  const index = readIndex(`${file}-shm`);
  if (index === undefined || index.frames <= index.copied) return false;
  const log = read(`${file}-wal`);
  // The last process to close the database deletes both.
  if (log === undefined) return existsSync(`${file}-shm`);
  const header = parseHeader(log);
  // With another salt, the log was started again after the index was read or last written to disk.
  const isComplete =
    header !== undefined &&
    (!header.salt.equals(index.salt) || countFrames(log, header, index.frames) === index.frames);
  if (isComplete) return false;
  // Another process that has the database open may have started the log again while it was read.
  return readIndex(`${file}-shm`)?.salt.equals(index.salt) ?? false;
}

type Index = { frames: number; copied: number; salt: Buffer };
const INDEX_BYTES = 136;

function readIndex(file: string): Index | undefined {
  const bytes = read(file);
  // Both copies of the header differ while one is being written.
  if (bytes === undefined || bytes.length < INDEX_BYTES) return undefined;
  if (!bytes.subarray(0, 48).equals(bytes.subarray(48, 96))) return undefined;
  const at = (offset: number) =>
    endianness() === 'LE' ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset);
  return { frames: at(16), copied: at(96), salt: bytes.subarray(32, 40) };
}

type Header = { pageBytes: number; salt: Buffer; isBigEndian: boolean; sums: [number, number] };
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

function parseHeader(log: Buffer): Header | undefined {
  if (log.length < HEADER_BYTES) return undefined;
  const magic = log.readUInt32BE(0);
  if (magic !== 0x377f0682 && magic !== 0x377f0683) return undefined;
  const isBigEndian = magic === 0x377f0683;
  const sums = addSums([0, 0], log.subarray(0, 24), isBigEndian);
  const isIntact = sums[0] === log.readUInt32BE(24) && sums[1] === log.readUInt32BE(28);
  if (!isIntact) return undefined;
  return { pageBytes: log.readUInt32BE(8), salt: log.subarray(16, 24), isBigEndian, sums };
}

/** Counts frames whose checksums continue the chain, up to `framesMax`. */
function countFrames(
  log: Buffer,
  { pageBytes, salt, isBigEndian, sums: first }: Header,
  framesMax: number,
): number {
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  let sums = first;
  for (let frame = 0; frame < framesMax; frame += 1) {
    const at = HEADER_BYTES + frame * frameBytes;
    const bytes = log.subarray(at, at + frameBytes);
    if (bytes.length < frameBytes || !bytes.subarray(8, 16).equals(salt)) return frame;
    sums = addSums(sums, bytes.subarray(0, 8), isBigEndian);
    sums = addSums(sums, bytes.subarray(FRAME_HEADER_BYTES), isBigEndian);
    if (sums[0] !== bytes.readUInt32BE(16) || sums[1] !== bytes.readUInt32BE(20)) return frame;
  }
  return framesMax;
}

/** The checksum algorithm of the log: two sums modulo 2^32, each over every other word. */
function addSums([s0, s1]: [number, number], bytes: Buffer, isBigEndian: boolean): [number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [a, b] = [s0, s1];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    a = (a + view.getUint32(at, !isBigEndian) + b) >>> 0;
    b = (b + view.getUint32(at + 4, !isBigEndian) + a) >>> 0;
  }
  return [a, b];
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
