import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { ApiError } from '../../api/errors.ts';
import { errorCodeOf } from '../../lib/errors.ts';

type Options = { maxOutputLength: number; chunkSize: number };
type Decompress = (bytes: Buffer, options: Options) => Promise<Buffer>;

const gunzip: Decompress = promisify<Buffer, Options, Buffer>(zlib.gunzip);

// A Map, not an object: the name comes from the caller, and every object has a `constructor`.
const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', promisify<Buffer, Options, Buffer>(zlib.inflate)],
  ['br', promisify<Buffer, Options, Buffer>(zlib.brotliDecompress)],
]);

/**
 * The thread pool is asked once for each chunk, and its answer waits for a turn of the event loop: with Node's 16 KB, a
 * large body took seconds on a busy server.
 */
const CHUNK_BYTES_MAX = 1024 * 1024;
const CHUNKS_MIN = 2;

/** Returns the name in a Content-Encoding header, undefined if the body is not compressed. Throws 415 for others. */
export function readEncoding(header = ''): string | undefined {
  const encoding = header.trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return undefined;
  if (DECOMPRESS.has(encoding)) return encoding;
  throw new ApiError('unsupported_media_type', {
    detail: `Content-Encoding "${encoding}" is not read here; use gzip, deflate, br or none.`,
    headers: { 'accept-encoding': 'gzip, deflate, br' },
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
    return await DECOMPRESS.get(encoding)?.(bytes, { maxOutputLength: bytesMax, chunkSize });
  } catch (error) {
    if (error instanceof RangeError || errorCodeOf(error) === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw new ApiError('invalid_encoding', { detail: `The body is not valid ${encoding}.`, cause: error });
  }
}
