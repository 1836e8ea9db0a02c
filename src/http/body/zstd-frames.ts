import { ApiError } from '../../api/errors.ts';

/** Frames in one body that are not skippable. Encoders write one, or one for each part of a stream. */
export const ZSTD_FRAMES_MAX = 16;

/** Skippable frames in one body. Looking for the ends of frames must not block the event loop. */
const SKIPPABLE_FRAMES_MAX = 64;

/** Blocks in one body: 5 MB need about 40, and one more each time that an encoder is flushed. */
export const ZSTD_BLOCKS_MAX = 65_536;

/** The largest window that HTTP allows (RFC 9659 §3): 8 MB. */
export const ZSTD_WINDOW_BITS_MAX = 23;
const WINDOW_BYTES_MAX = 2 ** ZSTD_WINDOW_BITS_MAX;

const MAGIC = 0xfd2fb528;
/** All 16 numbers from this one on (RFC 8878 §3.1.2). */
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const SKIPPABLE_HEADER_BYTES = 8;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

/** The shortest frame header: magic number, descriptor and a byte. */
const HEADER_BYTES_MIN = 6;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];

/** One byte, repeated (RFC 8878 §3.1.1.2.2). */
const RLE_BLOCK = 1;

/**
 * Returns the frames of a body (RFC 8878 §3), without skippable ones: the decoder stops behind the first of either kind. What is no
 * frame is returned as one, which the decoder refuses. Throws 400 if there are too many frames or blocks.
 */
export function splitZstd(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  let [at, skippable, blocks] = [0, 0, 0];
  while (at < bytes.length) {
    const rest = bytes.subarray(at);
    const skipped = findSkippableBytes(rest);
    if (skipped === undefined) {
      const found = findFrame(rest, ZSTD_BLOCKS_MAX - blocks);
      frames.push(rest.subarray(0, found.length));
      blocks += found.blocks;
      at += found.length;
    } else {
      skippable += 1;
      at += skipped;
    }
    if (frames.length > ZSTD_FRAMES_MAX || skippable > SKIPPABLE_FRAMES_MAX) throw tooMany('frames');
  }
  return frames.length === 0 ? [bytes.subarray(at)] : frames;
}

const tooMany = (what: string) =>
  new ApiError('invalid_encoding', {
    detail: `The body has too many zstd ${what}. Compress it as one frame, and do not flush the encoder often.`,
  });

/** Returns the length of a skippable frame; undefined if the bytes do not begin with a whole one. */
function findSkippableBytes(bytes: Buffer): number | undefined {
  if (bytes.length < SKIPPABLE_HEADER_BYTES) return undefined;
  if ((bytes.readUInt32LE(0) & ~0xf) >>> 0 !== SKIPPABLE_MAGIC) return undefined;
  const length = SKIPPABLE_HEADER_BYTES + bytes.readUInt32LE(MAGIC_BYTES);
  return length <= bytes.length ? length : undefined;
}

/** Returns where a frame ends, which is behind all bytes if it is none or has no end, and how many blocks it has. */
function findFrame(bytes: Buffer, blocksMax: number): { length: number; blocks: number } {
  if (!hasHeader(bytes)) return { length: bytes.length, blocks: 0 };
  const descriptor = bytes[MAGIC_BYTES] ?? 0;
  let at = findHeaderBytes(descriptor);
  let blocks = 0;
  let isLast = false;
  while (!isLast && at + BLOCK_HEADER_BYTES <= bytes.length) {
    const header = bytes.readUIntLE(at, BLOCK_HEADER_BYTES);
    isLast = (header & 1) === 1;
    at += BLOCK_HEADER_BYTES + (((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3);
    blocks += 1;
    if (blocks > blocksMax) throw tooMany('blocks');
  }
  const end = at + ((descriptor & 4) === 0 ? 0 : CHECKSUM_BYTES);
  return { length: isLast ? Math.min(end, bytes.length) : bytes.length, blocks };
}

const hasHeader = (bytes: Buffer): boolean =>
  bytes.length >= HEADER_BYTES_MIN && bytes.readUInt32LE(0) === MAGIC;

const isSingleSegment = (descriptor: number): boolean => (descriptor & 0x20) !== 0;

/** Bytes of the content's size in the header of a frame. */
function findSizeBytes(descriptor: number): number {
  const flag = descriptor >> 6;
  return flag === 0 && !isSingleSegment(descriptor) ? 0 : 2 ** flag;
}

/** Bytes of a frame's header: magic number, descriptor, window, dictionary ID and size of the content (RFC 8878 §3.1.1.1). */
function findHeaderBytes(descriptor: number): number {
  const windowBytes = isSingleSegment(descriptor) ? 0 : 1;
  const dictionaryBytes = DICTIONARY_ID_BYTES[descriptor & 3] ?? 0;
  return MAGIC_BYTES + 1 + windowBytes + dictionaryBytes + findSizeBytes(descriptor);
}

/**
 * Returns the window in the header of a frame; 0 if there is no such header, which the decoder refuses. A frame without its own has a
 * single segment, as long as its content.
 */
export function findZstdWindowBytes(frame: Buffer): number {
  if (!hasHeader(frame)) return 0;
  const [descriptor = 0, window = 0] = frame.subarray(MAGIC_BYTES);
  if (isSingleSegment(descriptor)) return Math.min(WINDOW_BYTES_MAX, findContentBytes(frame, descriptor));
  const base = 2 ** (10 + (window >> 3));
  return Math.min(WINDOW_BYTES_MAX, base + (base / 8) * (window & 7));
}

/** Returns the size of the content in the header of a frame with a single segment. */
function findContentBytes(frame: Buffer, descriptor: number): number {
  const sizeBytes = findSizeBytes(descriptor);
  const at = findHeaderBytes(descriptor) - sizeBytes;
  if (frame.length < at + sizeBytes || sizeBytes > 4) return WINDOW_BYTES_MAX;
  // Sizes in two bytes begin where those in one byte end.
  return frame.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
}
