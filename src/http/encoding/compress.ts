import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliCompress, constants, createGzip, gzip } from 'node:zlib';
import { isInProject } from '../../api/permission.ts';
import type { Route } from '../../api/route.ts';
import { EVENT_STREAM } from '../../api/streamed.ts';
import type { MaybePromise } from '../../limits/maybe-promise.ts';
import { accepts } from './accept-encoding.ts';

/** Bytes of an answer and how they are encoded. */
export type Encoded = { bytes: Buffer; encoding: 'br' | 'gzip' | undefined };

/** Shorter answers fit into one packet anyway. */
export const COMPRESSED_BYTES_MIN = 1_400;

// zlib compresses in its thread pool, not in the event loop. The fastest level: text with as many repeated names as
// events shrinks to a few percent even so.
const FAST = { level: constants.Z_BEST_SPEED };
/** 32 KB instead of 256 KB: thousands of live streams may be open. */
const SMALL = { ...FAST, windowBits: 12, memLevel: 5 };

const gzipAsync = promisify(gzip);
const brotliAsync = promisify(brotliCompress);

/**
 * Whether answers of this route may be compressed for this request. The length of a compressed answer reveals which text in it
 * repeats (BREACH), so never if it may contain a secret of the caller: only reads of a project's data, and, as cookies are
 * sent without a page's doing, of a session only if the request comes from the dashboard's own pages.
 */
export function isCompressible(
  { method, access, authentication }: Pick<Route, 'method' | 'access' | 'authentication'>,
  headers: IncomingHttpHeaders,
): boolean {
  if (method !== 'GET' || !isInProject(access)) return false;
  return authentication === 'key' || headers['sec-fetch-site'] === 'same-origin';
}

const acceptsGzip = (headers: IncomingHttpHeaders) =>
  accepts(headers['accept-encoding']?.toString() ?? '', 'gzip');

/** Returns the text, compressed if the request accepts that and it saves something. */
export function compress(
  text: string,
  headers: IncomingHttpHeaders,
): MaybePromise<{ body: string | Buffer; encoding: 'gzip' | undefined }> {
  if (!acceptsGzip(headers) || Buffer.byteLength(text) < COMPRESSED_BYTES_MIN)
    return { body: text, encoding: undefined };
  return gzipAsync(text, FAST).then((body) => ({ body, encoding: 'gzip' }));
}

/** Returns the body of a streamed answer, compressed if the request accepts that. Each chunk is flushed. */
export function compressStream(
  body: Readable,
  contentType: string,
  headers: IncomingHttpHeaders,
): { body: Readable; encoding: 'gzip' | undefined } {
  if (!acceptsGzip(headers)) return { body, encoding: undefined };
  const options = contentType === EVENT_STREAM ? SMALL : FAST;
  const compressor = createGzip({ ...options, flush: constants.Z_SYNC_FLUSH });
  // An error of either destroys both, and so the answer.
  return { body: pipeline(body, compressor, () => {}), encoding: 'gzip' };
}

/** Returns bytes that are sent again and again in every encoding, compressed once as well as possible. */
export async function precompress(bytes: Buffer): Promise<(headers: IncomingHttpHeaders) => Encoded> {
  const br: Encoded = { bytes: await brotliAsync(bytes), encoding: 'br' };
  const gz: Encoded = { bytes: await gzipAsync(bytes), encoding: 'gzip' };
  const plain: Encoded = { bytes, encoding: undefined };
  return (headers) => {
    const accepted = headers['accept-encoding']?.toString() ?? '';
    return [br, gz].find(({ encoding = '' }) => accepts(accepted, encoding)) ?? plain;
  };
}
