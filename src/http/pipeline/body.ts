import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../api/errors.ts';
import type { BodySender } from '../../limits/body-budget.ts';
import type { Leave } from '../../limits/gate.ts';
import { SDK_EVENTS_PER_BATCH_MAX } from '../../limits/policies.ts';
import type { Bodies } from '../body/bodies.ts';
import { collectBody } from '../body/collect.ts';
import {
  countDecoderBytes,
  decompress,
  decompressNow,
  findWindowBytes,
  isQuick,
  readEncoding,
  SDK_ENCODINGS,
} from '../body/decompress.ts';
import { isForm, isGzip, unwrapForm } from '../body/lenient.ts';
import { SLOW_BODY_BYTES_MAX, SLOW_UNVERIFIED_BYTES_MAX } from '../body/pace.ts';
import {
  type ParseBounds,
  parseJson,
  parseSmall,
  type Run,
  WHOLE_PARSE_BYTES_MAX,
} from '../body/parse-json.ts';
import type { Exchange } from './exchange.ts';
import { overloaded } from './overload.ts';

/** A request whose body is read, for whom, and the memory it has: released once the request is answered. */
export type BodyRequest = {
  exchange: Pick<Exchange, 'raw' | 'body' | 'signal'>;
  sender: BodySender;
  bodies: Bodies;
  /** For bodies that may be more than batches of ours. */
  bounds?: ParseBounds;
};

/** SDKs delete or resend a whole batch after a 400 or 413, so that one event must not cost the others. */
const SDK_BOUNDS: ParseBounds = { listItemsMax: SDK_EVENTS_PER_BATCH_MAX, isLenient: true };

const CAPACITY_STEP_BYTES = 16 * 1024;

/**
 * Returns how large the buffer of a body becomes whose length is not known, or not believed: little more than what arrived, since
 * many small ones may wait for their end, in steps that grow so that a large one is not copied too often.
 */
function toCapacity(needed: number): number {
  const step = Math.max(CAPACITY_STEP_BYTES, needed >> 3);
  return Math.ceil(needed / step) * step;
}

function tooLarge(bytesMax: number): ApiError {
  return new ApiError('payload_too_large', {
    detail: `The body is larger than ${bytesMax} bytes after decompression. Send a smaller one.`,
  });
}

/** The announced length; undefined if the body comes in chunks. */
function findLength({ headers }: IncomingMessage): number | undefined {
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
  const length = findLength(exchange.raw);
  if (length !== undefined && length > bytesMax) throw tooLarge(bytesMax);
  // Anyone can announce a body that never comes: without a verified key, only what has arrived takes memory.
  const announced = sender.kind === 'unverified' ? undefined : length;
  const reservation = bodies.budget.reserve(sender, announced ?? 0);
  if (reservation === undefined) throw overloaded();
  exchange.body = reservation;
  const collected = collectBody(exchange.raw, announced, (needed) => {
    if (needed > bytesMax) return tooLarge(bytesMax);
    const capacity = announced ?? Math.min(length ?? bytesMax, toCapacity(needed));
    return reservation.grow(capacity) ? capacity : overloaded();
  });
  const isUnverified = sender.kind === 'unverified';
  const slowBytesMax = isUnverified ? SLOW_UNVERIFIED_BYTES_MAX : SLOW_BODY_BYTES_MAX;
  if (length !== undefined && length <= slowBytesMax) return collected.done;
  const stopWatching = bodies.pace.watch({
    bytesReceived: collected.bytesReceived,
    bytesExpected: length,
    slowBytesMax,
    isCrowded: () => isUnverified && bodies.budget.isCrowded('unverified'),
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
  return encoding === undefined
    ? parseBytes(body, bytes)
    : parseCompressed(body, { bytes, encoding, bytesMax });
}

/**
 * Returns the JSON value in a body as SDKs send it: of any type or none, in a form, or compressed without saying so. Throws
 * ApiError.
 */
export async function readAnyJson(request: BodyRequest, bytesMax: number): Promise<unknown> {
  const body = { ...request, bounds: SDK_BOUNDS };
  const declared = readEncoding(body.exchange.raw.headers['content-encoding'], SDK_ENCODINGS);
  const sent = await readBytes(body, bytesMax);
  const bytes = isForm(sent) ? await toRun(body)(() => unwrapForm(sent)) : sent;
  const encoding = declared ?? (isGzip(bytes) ? 'gzip' : undefined);
  return encoding === undefined
    ? parseBytes(body, bytes)
    : parseCompressed(body, { bytes, encoding, bytesMax });
}

/** Returns the value of JSON in memory, in pieces and in turn with other senders. Throws ApiError. */
export async function parseBytes(body: BodyRequest, bytes: Buffer): Promise<unknown> {
  const run = toRun(body);
  if (bytes.length <= WHOLE_PARSE_BYTES_MAX) return parseJson(bytes, run, body.bounds);
  return throughGate(body, () => parseJson(bytes, run, body.bounds));
}

type Compressed = { bytes: Buffer; encoding: string; bytesMax: number };

async function parseCompressed(body: BodyRequest, compressed: Compressed): Promise<unknown> {
  const { bytes, encoding, bytesMax } = compressed;
  const run = toRun(body);
  const smallMax = Math.min(bytesMax, WHOLE_PARSE_BYTES_MAX);
  const tryNow = () => {
    const small = decompressNow(bytes, encoding, smallMax);
    // In the same piece of work: what is decompressed and then waits would be memory that nothing counts.
    return small && { value: parseSmall(small, body.bounds) };
  };
  const parsed = isQuick(bytes, encoding) ? await run(tryNow) : undefined;
  if (parsed) return parsed.value;
  return throughGate(body, () => parseLargeCompressed(body, compressed));
}

/**
 * Decompresses and parses a body, one of few at a time. What decoders take counts for no sender: if it counted for the address,
 * two phones behind one would keep all others there from sending. Afterwards, the larger of the two forms counts.
 */
async function parseLargeCompressed(body: BodyRequest, compressed: Compressed): Promise<unknown> {
  const { exchange, sender, bodies, bounds } = body;
  const { bytes, encoding, bytesMax } = compressed;
  const releaseDecoder = bodies.budget.countDecoder(
    countDecoderBytes(findWindowBytes(bytes, encoding), bytesMax),
  );
  try {
    const large = await decompress(bytes, encoding, bytesMax);
    if (large === undefined) throw tooLarge(bytesMax);
    if (sender.kind === 'unverified') exchange.body?.leaveAddress();
    if (exchange.body?.grow(Math.max(bytes.length, large.length)) === false) throw overloaded();
    return await parseJson(large, toRun(body), bounds);
  } finally {
    releaseDecoder();
  }
}

/** Runs `work` as one of few at a time. Throws 503 if too many wait, 400 as soon as the sender has disconnected. */
async function throughGate<T>({ exchange, sender, bodies }: BodyRequest, work: () => Promise<T>): Promise<T> {
  let leave: Leave | undefined;
  try {
    leave = await bodies.large.enter(sender, exchange.signal());
  } catch {
    throw disconnected();
  }
  if (leave === undefined) throw overloaded();
  try {
    requireConnected(exchange.raw);
    return await work();
  } finally {
    leave();
  }
}

/** Returns what runs pieces of work in turn with other senders, until this one disconnects. */
function toRun({ exchange, sender, bodies }: BodyRequest): Run {
  return (task) =>
    bodies.loopShare.run(sender, () => {
      requireConnected(exchange.raw);
      return task();
    });
}

function requireConnected({ socket }: IncomingMessage): void {
  if (socket.destroyed) throw disconnected();
}

const disconnected = () =>
  new ApiError('invalid_encoding', { detail: 'The sender disconnected before the body was read.' });

function requireJson(contentType: string | undefined): void {
  // What most send needs no parsing.
  if (contentType === 'application/json') return;
  const [type = '', ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (type === 'application/json' && (charset === undefined || /^"?utf-?8"?$/.test(charset))) return;
  throw new ApiError('unsupported_media_type', {
    detail: `Content-Type is ${contentType ? `"${contentType.slice(0, 100)}"` : 'missing'}. Send application/json in UTF-8.`,
  });
}
