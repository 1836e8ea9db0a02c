import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { ApiError } from '../../api/errors.ts';
import { errorCodeOf } from '../../lib/errors.ts';

type Options = zlib.ZlibOptions & zlib.BrotliOptions & zlib.ZstdOptions;
type Codec = {
  decompress: (bytes: Buffer, options: Options) => Promise<Buffer>;
  decompressNow: (bytes: Buffer, options: Options) => Buffer;
};

const GZIP: Codec = {
  decompress: promisify<Buffer, Options, Buffer>(zlib.gunzip),
  decompressNow: zlib.gunzipSync,
};
const DEFLATE: Codec = {
  decompress: promisify<Buffer, Options, Buffer>(zlib.inflate),
  decompressNow: zlib.inflateSync,
};
const BROTLI: Codec = {
  decompress: promisify<Buffer, Options, Buffer>(zlib.brotliDecompress),
  decompressNow: zlib.brotliDecompressSync,
};

/** What a decoder returns with the option `info`. */
type Decoded = { buffer: Buffer; engine: { bytesWritten: number } };

const WITH_INFO = { info: true };
const decompressZstd = promisify<Buffer, Options, unknown>(zlib.zstdDecompress);
const ZSTD: Codec = {
  decompress: async (bytes, options) =>
    requireOneFrame(bytes, await decompressZstd(bytes, { ...options, ...WITH_INFO })),
  decompressNow: (bytes, options) =>
    requireOneFrame(bytes, zlib.zstdDecompressSync(bytes, { ...options, ...WITH_INFO })),
};

/** Returns the output. Throws 400 if the decoder stopped before the end, as it may after the first frame (RFC 8878 §3): the rest would be lost. */
function requireOneFrame(bytes: Buffer, decoded: unknown): Buffer {
  const { buffer, engine } = decoded as Decoded;
  if (engine.bytesWritten === bytes.length) return buffer;
  throw new ApiError('invalid_encoding', { detail: 'Compress the body as a single zstd frame.' });
}

// A Map, not an object: the name comes from the caller, and every object has a `constructor`.
const CODECS: ReadonlyMap<string, Codec> = new Map([
  ['gzip', GZIP],
  ['x-gzip', GZIP],
  ['deflate', DEFLATE],
  ['br', BROTLI],
  ['zstd', ZSTD],
]);

/** What any body may be compressed with. */
const ENCODINGS = ['gzip', 'deflate', 'br'];

/** What the bodies of other vendors' SDKs may be compressed with: browsers' and Go's have zstd. */
export const SDK_ENCODINGS: readonly string[] = [...ENCODINGS, 'zstd'];

/** Another name for gzip (RFC 9110 §8.4.1.3). */
const ALIAS = 'x-gzip';

/**
 * The thread pool is asked once for each chunk, and its answer waits for a turn of the event loop: with Node's 16 KB, a
 * large body took seconds on a busy server.
 */
const CHUNK_BYTES_MAX = 1024 * 1024;
const CHUNKS_MIN = 2;
const SMALL_CHUNK_BYTES = 16 * 1024;

/** What is compressed with more memory than a browser has to spare (RFC 9841) is not read. */
const BROTLI_PARAMS = { [zlib.constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 0 };

/** The largest window that HTTP allows (RFC 9659 §3): 8 MB. */
const ZSTD_WINDOW_BITS_MAX = 23;
const ZSTD_PARAMS = { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_BITS_MAX };

const PARAMS: ReadonlyMap<string, Record<number, number>> = new Map([
  ['br', BROTLI_PARAMS],
  ['zstd', ZSTD_PARAMS],
]);

/** RFC 1951: what a decoder of gzip and deflate remembers of its output, and its tables. */
const DEFLATE_WINDOW_BYTES = 64 * 1024;

/** The largest of all windows: that of brotli. */
export const WINDOW_BYTES_MAX = 2 ** zlib.constants.BROTLI_MAX_WINDOW_BITS;

/**
 * Returns the name in a Content-Encoding header, undefined if the body is not compressed. Throws 415 for those that are not
 * `accepted`.
 */
export function readEncoding(header = '', accepted: readonly string[] = ENCODINGS): string | undefined {
  const encoding = header.trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return undefined;
  if (encoding === ALIAS || accepted.includes(encoding)) return encoding;
  const names = accepted.join(', ');
  throw new ApiError('unsupported_media_type', {
    detail: `Content-Encoding "${encoding}" is not supported. Use ${names} or none.`,
    headers: { 'accept-encoding': names },
  });
}

/**
 * Returns the decompressed bytes; undefined if they are more than `bytesMax`, where it stops, so that a small bomb never
 * becomes a large one. Throws 400 if they are not compressed like that.
 */
export async function decompress(
  bytes: Buffer,
  encoding: string,
  bytesMax: number,
): Promise<Buffer | undefined> {
  const chunkSize = Math.min(CHUNK_BYTES_MAX, Math.ceil(bytesMax / CHUNKS_MIN));
  try {
    return await CODECS.get(encoding)?.decompress(bytes, toOptions(encoding, bytesMax, chunkSize));
  } catch (error) {
    return refuseUnlessTooLarge(error, encoding);
  }
}

/**
 * The same for few bytes, on the event loop: that takes less of it than to ask the thread pool, and only one decoder at a
 * time has memory.
 */
export function decompressNow(bytes: Buffer, encoding: string, bytesMax: number): Buffer | undefined {
  try {
    return CODECS.get(encoding)?.decompressNow(bytes, toOptions(encoding, bytesMax, SMALL_CHUNK_BYTES));
  } catch (error) {
    return refuseUnlessTooLarge(error, encoding);
  }
}

function toOptions(encoding: string, maxOutputLength: number, chunkSize: number): Options {
  const params = PARAMS.get(encoding);
  return params ? { maxOutputLength, chunkSize, params } : { maxOutputLength, chunkSize };
}

function refuseUnlessTooLarge(error: unknown, encoding: string): undefined {
  if (error instanceof ApiError) throw error;
  if (error instanceof RangeError || errorCodeOf(error) === 'ERR_BUFFER_TOO_LARGE') return undefined;
  throw new ApiError('invalid_encoding', { detail: `The body is not valid ${encoding}.`, cause: error });
}

/** Compressed bodies up to this size, and 64 KB once decompressed, are decompressed as they come; others, few at a time. */
export const SMALL_COMPRESSED_BYTES_MAX = 16 * 1024;

/**
 * Whether the first 64 KB of a body take at most a fraction of a millisecond to decompress. Brotli fills its whole window
 * before it has any output, which is 20 ms for the usual 4 MB.
 */
export const isQuick = (bytes: Buffer, encoding: string): boolean =>
  bytes.length <= SMALL_COMPRESSED_BYTES_MAX && findWindowBytes(bytes, encoding) <= DEFLATE_WINDOW_BYTES;

/** Returns the bytes that a decoder with this window takes in addition to its input: its output is in parts, and then put together. */
export const countDecoderBytes = (windowBytes: number, bytesMax: number): number =>
  windowBytes + 2 * bytesMax;

/**
 * Returns the bytes that a decoder needs in addition to its output. The window of brotli is chosen by the sender, up to 16 MB; it
 * is in the first byte (RFC 7932 §9.1). That of zstd is in its header, up to 8 MB.
 */
export function findWindowBytes(bytes: Buffer, encoding: string): number {
  if (encoding === 'zstd') return findZstdWindowBytes(bytes);
  if (encoding !== 'br') return DEFLATE_WINDOW_BYTES;
  const first = bytes[0] ?? 0;
  if ((first & 1) === 0) return 2 ** 16;
  const [large, small] = [(first >> 1) & 7, (first >> 4) & 7];
  if (large > 0) return 2 ** (17 + large);
  return small === 0 ? 2 ** 17 : 2 ** (8 + small);
}

const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_WINDOW_BYTES_MAX = 2 ** ZSTD_WINDOW_BITS_MAX;

/**
 * Returns the window in the header of a frame (RFC 8878 §3.1.1.1); 0 if there is no such header, which the decoder refuses. A frame
 * without its own has a single segment, as long as its content. There is only one frame.
 */
function findZstdWindowBytes(bytes: Buffer): number {
  if (bytes.length < ZSTD_HEADER_BYTES_MIN || bytes.readUInt32LE(0) !== ZSTD_MAGIC) return 0;
  const [descriptor = 0, window = 0] = bytes.subarray(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (isSingleSegment) return Math.min(ZSTD_WINDOW_BYTES_MAX, findZstdContentBytes(bytes, descriptor));
  const base = 2 ** (10 + (window >> 3));
  return Math.min(ZSTD_WINDOW_BYTES_MAX, base + (base / 8) * (window & 7));
}

/** The shortest frame header: magic number, descriptor and a byte. */
const ZSTD_HEADER_BYTES_MIN = 6;
const ZSTD_DICTIONARY_ID_BYTES = [0, 1, 2, 4];

/** Returns the size of the content in the header of a frame with a single segment. */
function findZstdContentBytes(bytes: Buffer, descriptor: number): number {
  const at = 5 + (ZSTD_DICTIONARY_ID_BYTES[descriptor & 3] ?? 0);
  const lengthBytes = 2 ** (descriptor >> 6);
  if (bytes.length < at + lengthBytes || lengthBytes > 4) return ZSTD_WINDOW_BYTES_MAX;
  // Sizes in two bytes begin where those in one byte end.
  return bytes.readUIntLE(at, lengthBytes) + (lengthBytes === 2 ? 256 : 0);
}
