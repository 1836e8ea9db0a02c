import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PIECE_BYTES } from './connections/limits.ts';
import { toPayload } from './connections/pieces.ts';
import type { Services } from './pipeline/services.ts';

/** An answer as it is sent, as text, bytes or a stream; without a body, it has no content type either. */
export type Sent = {
  status: number;
  headers: Record<string, string>;
  contentType: string;
  body: string | Buffer | Readable | undefined;
  /** Of the bytes of the body; the answer varies by what the request accepts, unless `isCompressible` is missing. */
  encoding?: 'br' | 'gzip' | undefined;
  isCompressible?: boolean;
  /** Whether all requests share these bytes, so that they are no memory of this connection. */
  isShared?: boolean;
};

/** Sends an answer. If it is long, it counts as memory of its connection until it is sent, unless it is shared. */
export function send(
  { connections }: Pick<Services, 'connections'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { status, headers, contentType, body, encoding, isCompressible, isShared }: Sent,
): void {
  // A connection that stays open would delay the stop.
  if (!request.server.server.listening) reply.header('connection', 'close');
  reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers })
    .header('x-request-id', request.id)
    .headers(body === undefined ? {} : { 'content-type': contentType });
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  if (isCompressible === true) reply.header('vary', addToVary(headers.vary));
  const isText = typeof body === 'string' && body.length > PIECE_BYTES;
  const payload = isText ? Buffer.from(body) : body;
  if (!Buffer.isBuffer(payload)) return void reply.send(payload);
  if (payload.length > PIECE_BYTES && isShared !== true) connections.hold(reply.raw, payload.length);
  sendBytes(reply, payload);
}

const addToVary = (vary: string | undefined) =>
  vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`;

function sendBytes(reply: FastifyReply, bytes: Buffer): void {
  // Fastify counts the bytes only of what it sends in one piece.
  reply.header('content-length', bytes.length).send(toPayload(bytes));
}
