import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../api/errors.ts';
import type { BodySender } from '../../limits/body-budget.ts';
import { laneOf } from '../../limits/loop-share.ts';
import type { Bodies } from '../body/bodies.ts';
import { collectBody } from '../body/collect.ts';
import { decompress, readEncoding } from '../body/decompress.ts';
import { SLOW_BODY_BYTES_MAX } from '../body/pace.ts';
import { parseJson, type Run } from '../body/parse-json.ts';
import type { Exchange } from './exchange.ts';
import { overloaded } from './overload.ts';

/** A request whose body is read, for whom, and the memory it has: released once the request is answered. */
export type BodyRequest = { exchange: Pick<Exchange, 'raw' | 'body'>; sender: BodySender; bodies: Bodies };

/** Decompressed bodies up to this size are parsed as they come; larger ones, few at a time. */
const SMALL_BYTES_MAX = 65_536;

/** The buffer for a body of unknown length, to begin with. */
const CHUNKED_CAPACITY_MIN = 16_384;

function tooLarge(bytesMax: number): ApiError {
  return new ApiError('payload_too_large', {
    detail: `The body is larger than ${bytesMax} bytes after decompression. Send less at once.`,
  });
}

/** The announced length; undefined if the body comes in chunks. */
function lengthOf({ headers }: IncomingMessage): number | undefined {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined;
}

/**
 * Reads at most `bytesMax` bytes. Throws ApiError as soon as there are more, not after all of them; 503 before anything
 * is read if there is no memory for it; 408 if it arrives too slowly.
 */
export async function readBytes(body: BodyRequest, bytesMax: number): Promise<Buffer> {
  try {
    return await reserveAndCollect(body, bytesMax);
  } catch (error) {
    // Its connection discards the rest of the body once the error is sent.
    if (error instanceof ApiError) throw error;
    // The caller disconnected, or its chunks were broken: an error of the request, not ours.
    throw new ApiError('invalid_encoding', {
      detail: 'The body ended before it was complete.',
      cause: error,
    });
  }
}

async function reserveAndCollect({ exchange, sender, bodies }: BodyRequest, bytesMax: number) {
  const length = lengthOf(exchange.raw);
  if (length !== undefined && length > bytesMax) throw tooLarge(bytesMax);
  const reservation = bodies.budget.reserve(sender, length ?? 0);
  if (reservation === undefined) throw overloaded();
  exchange.body = reservation;
  const collected = collectBody(exchange.raw, length, (needed) => {
    if (needed > bytesMax) return tooLarge(bytesMax);
    const capacity = length ?? Math.min(bytesMax, Math.max(needed * 2, CHUNKED_CAPACITY_MIN));
    return reservation.grow(capacity) ? capacity : overloaded();
  });
  if (length !== undefined && length <= SLOW_BODY_BYTES_MAX) return collected.done;
  const stopWatching = bodies.pace.watch({
    bytesReceived: collected.bytesReceived,
    bytesExpected: length,
    // Its rest must not be waited for.
    onSlow: () => collected.fail(new ApiError('request_too_slow', { headers: { connection: 'close' } })),
  });
  return collected.done.finally(stopWatching);
}

/** Returns the JSON value in a request's body, at most `bytesMax` bytes once decompressed. Throws ApiError. */
export async function readJson(body: BodyRequest, bytesMax: number): Promise<unknown> {
  const { headers } = body.exchange.raw;
  requireJson(headers['content-type']);
  const bytes = await readBytes(body, bytesMax);
  const encoding = readEncoding(headers['content-encoding']);
  const lane = laneOf(body.sender.network, body.sender.callerId);
  const run: Run = (task) => body.bodies.loopShare.run(lane, task);
  const small = encoding === undefined ? bytes : await decompress(bytes, encoding, SMALL_BYTES_MAX);
  if (small !== undefined && small.length <= SMALL_BYTES_MAX) return parseJson(small, run);
  const leave = await body.bodies.large.enter(lane);
  if (leave === undefined) throw overloaded();
  try {
    if (encoding === undefined) return await parseJson(bytes, run);
    const large = await decompress(bytes, encoding, bytesMax);
    if (large === undefined) throw tooLarge(bytesMax);
    if (body.exchange.body?.grow(large.length) === false) throw overloaded();
    return await parseJson(large, run);
  } finally {
    leave();
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
