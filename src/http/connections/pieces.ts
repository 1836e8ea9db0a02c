import { Readable } from 'node:stream';
import { PIECE_BYTES } from './limits.ts';

/** Yields the bytes in pieces, without copying them. */
export function* inPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/**
 * Returns the bytes as what Fastify sends: a stream of pieces if they are more than one, so that the next piece is written
 * only when the reader has taken the last, and it shows that a slow reader takes some.
 */
export function toPayload(bytes: Buffer): Buffer | Readable {
  return bytes.length > PIECE_BYTES ? Readable.from(inPieces(bytes)) : bytes;
}
