import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { ApiError } from '../../api/errors.ts';
import { errorCodeOf } from '../../lib/errors.ts';

type Decompress = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const gunzip: Decompress = promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.gunzip);

// A Map, not an object: the name comes from the caller, and every object has a `constructor`.
const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.inflate)],
  ['br', promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.brotliDecompress)],
]);

/** How much of a body that is too large is read and discarded, so that its sender can read the answer. */
const DISCARDED_BYTES_MAX = 64 * 1024 * 1024;

function tooLarge(bytesMax: number): ApiError {
  return new ApiError('payload_too_large', {
    detail: `The body is larger than ${bytesMax} bytes after decompression. Send less at once.`,
  });
}

/**
 * Lets the sender finish: most clients read the answer only after sending everything, and see a connection that is
 * closed before as a network error instead of the 413 that makes them halve the batch. Bounded, also in time.
 */
function discardRest(request: IncomingMessage): void {
  let left = DISCARDED_BYTES_MAX;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
}

/** Reads at most `bytesMax` bytes. Throws ApiError as soon as there are more, not after all of them. */
export async function readBytes(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    discardRest(request);
    throw tooLarge(bytesMax);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes: Buffer = chunk;
      length += bytes.length;
      if (length > bytesMax) throw tooLarge(bytesMax);
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof ApiError) {
      discardRest(request);
      throw error;
    }
    // The caller disconnected, or its chunks were broken: an error of the request, not ours.
    throw new ApiError('invalid_encoding', {
      detail: 'The body ended before it was complete.',
      cause: error,
    });
  }
  const [first] = chunks;
  return chunks.length === 1 && first ? first : Buffer.concat(chunks, length);
}

/** Decompression stops at `bytesMax`, so that a small bomb never becomes a large one. */
async function decompress(bytes: Buffer, encoding: string, bytesMax: number): Promise<Buffer> {
  if (encoding === '' || encoding === 'identity') return bytes;
  const run = DECOMPRESS.get(encoding);
  if (!run) {
    throw new ApiError('unsupported_media_type', {
      detail: `Content-Encoding "${encoding}" is not read here; use gzip, deflate, br or none.`,
      headers: { 'accept-encoding': 'gzip, deflate, br' },
    });
  }
  try {
    return await run(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    if (error instanceof RangeError || errorCodeOf(error) === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(bytesMax);
    }
    throw new ApiError('invalid_encoding', { detail: `The body is not valid ${encoding}.`, cause: error });
  }
}

function requireJson(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (type === 'application/json' && (charset === undefined || /^"?utf-?8"?$/.test(charset))) return;
  throw new ApiError('unsupported_media_type', {
    detail: `Content-Type is ${contentType ? `"${contentType.slice(0, 100)}"` : 'missing'}; send application/json in UTF-8.`,
  });
}

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new ApiError('invalid_encoding', { detail: 'The body is not valid UTF-8.' });
  if (bytes.length === 0) {
    throw new ApiError('malformed_json', { detail: 'The body is empty; send a JSON object.' });
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    // The parser's message quotes at most a few characters of the caller's own text back to the caller.
    const reason = error instanceof Error ? error.message : 'unreadable';
    throw new ApiError('malformed_json', { detail: `The body is not valid JSON: ${reason}.` });
  }
}

/** Returns the JSON value in a request's body, at most `bytesMax` bytes once decompressed. Throws ApiError. */
export async function readJson(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  requireJson(request.headers['content-type']);
  const bytes = await readBytes(request, bytesMax);
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase();
  return parseJson(await decompress(bytes, encoding, bytesMax));
}
