import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PIECE_BYTES } from './connections/limits.ts';
import { toPayload } from './connections/pieces.ts';
import type { Services } from './pipeline/services.ts';

/** An answer as it is sent, as text, bytes or a stream; without a body (204), it has no content type either. */
export type Sent = {
  status: number;
  headers: Record<string, string>;
  /** `Set-Cookie` lines. */
  cookies?: readonly string[];
  contentType: string;
  body: string | Buffer | Readable | undefined;
  /** Of the bytes of the body; the answer varies by what the request accepts, unless `isCompressible` is missing. */
  encoding?: 'br' | 'gzip' | undefined;
  isCompressible?: boolean;
  /** Whether all requests share these bytes, so that they are no memory of this connection. */
  isShared?: boolean;
};

/**
 * Sends an answer. If it is long, it counts as memory of its connection until it is sent, unless it is shared. Text and bytes
 * are written to Node's response: Fastify would collect the headers in an object, and parse the content type again.
 */
export function send(
  { connections }: Pick<Services, 'connections'>,
  request: FastifyRequest,
  reply: FastifyReply,
  sent: Sent,
): void {
  // Only a mistake of ours sends two: the first one stays.
  if (reply.sent) return;
  const { status, body, isShared } = sent;
  const fields = listFields(request, sent);
  const isLongText = typeof body === 'string' && body.length > PIECE_BYTES;
  const payload = isLongText ? Buffer.from(body) : body;
  const isLong = Buffer.isBuffer(payload) && payload.length > PIECE_BYTES;
  if (isLong) {
    if (isShared !== true) connections.hold(reply.raw, payload.length);
    // Fastify counts the bytes only of what it sends in one piece.
    fields.push('content-length', String(payload.length));
  }
  const sendable = isLong ? toPayload(payload) : payload;
  if (sendable === undefined || typeof sendable === 'string' || Buffer.isBuffer(sendable))
    sendWhole(reply, status, fields, sendable);
  else sendByFastify(reply, status, fields, sendable);
}

/** Header fields as Node takes them: names and values in turn. */
type Fields = string[];

const JSON_TYPE = /^application\/(?:problem\+)?json$/;

function listFields(request: FastifyRequest, sent: Sent): Fields {
  const { headers, cookies = [], contentType, body, encoding, isCompressible } = sent;
  const fields: Fields = [];
  for (const cookie of cookies) fields.push('set-cookie', cookie);
  // A connection that stays open would delay the stop.
  const isStopping = !request.server.server.listening && headers.connection === undefined;
  if (isStopping) fields.push('connection', 'close');
  fields.push('cache-control', 'no-store', 'x-content-type-options', 'nosniff');
  addFields(fields, headers, isCompressible === true);
  fields.push('x-request-id', request.id);
  if (body !== undefined) fields.push('content-type', typeOf(contentType, body));
  if (encoding !== undefined) fields.push('content-encoding', encoding);
  if (isCompressible === true && headers.vary === undefined) fields.push('vary', 'Accept-Encoding');
  return fields;
}

function addFields(fields: Fields, headers: Sent['headers'], isCompressible: boolean): void {
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    const isExtended = isCompressible && name === 'vary';
    fields.push(name.toLowerCase(), isExtended ? `${value}, Accept-Encoding` : value);
  }
}

/** JSON is UTF-8, whether its type says so or not; some clients look for it in text. */
const typeOf = (contentType: string, body: Sent['body']) =>
  typeof body === 'string' && body.length <= PIECE_BYTES && JSON_TYPE.test(contentType)
    ? `${contentType}; charset=utf-8`
    : contentType;

function sendWhole(
  reply: FastifyReply,
  status: number,
  fields: Fields,
  body: string | Buffer | undefined,
): void {
  const { raw } = reply;
  const bytes = body === undefined ? 0 : Buffer.byteLength(body);
  if (body !== undefined) fields.push('content-length', String(bytes));
  // Before Fastify leaves the answer to us: if a header is not valid, it can still answer with an error.
  raw.writeHead(status, fields);
  reply.hijack();
  // In one call, so that headers and body are written together. For HEAD, Node leaves the body out.
  // As Latin-1 if the text is ASCII, which is the same bytes and written several times as fast as UTF-8.
  if (typeof body === 'string' && bytes === body.length) raw.end(body, 'latin1');
  else raw.end(body);
}

function sendByFastify(reply: FastifyReply, status: number, fields: Fields, body: Readable): void {
  reply.code(status);
  for (let at = 0; at < fields.length; at += 2) reply.header(fields[at] ?? '', fields[at + 1] ?? '');
  reply.send(body);
}
