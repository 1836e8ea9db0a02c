import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SECOND_MS } from '../../lib/durations.ts';
import { renderBadRequest, TIMED_OUT } from './bad-request.ts';
import { TINY_CHUNKS } from './body-parts.ts';
import type { CloseReason, Connection } from './connection.ts';
import { stopParsing } from './parser.ts';
import { closeConnection, type Registry } from './registry.ts';

/** An answer to broken bytes has this long to be read before its connection is closed. */
const LINGER_MS = SECOND_MS;

/** The peer closed the connection: there is no one to answer, and nothing to count. */
const DISCONNECTED = ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT'];

const REASONS: Record<string, CloseReason> = {
  [TIMED_OUT]: 'timed_out',
  [TINY_CHUNKS]: 'tiny_chunks',
};

/**
 * Closes a connection whose bytes cannot be parsed, or did not arrive in time. Answers 400, 408 or 431 only if the client
 * cannot take it for the answer to another request.
 */
export function refuseBytes(
  registry: Registry,
  error: NodeJS.ErrnoException,
  socket: Duplex,
  publicUrl: string,
): void {
  const connection = registry.all.get(socket as Socket);
  if (!connection) return void socket.destroy();
  // Bytes that follow the broken ones.
  if (connection.isClosing) return;
  const code = error.code ?? '';
  if (DISCONNECTED.includes(code)) return void socket.destroy();
  const reason = REASONS[code] ?? 'not_http';
  // An idle connection: the client could take an answer that it did not ask for as the one to its next request.
  const isUnasked = code === TIMED_OUT && connection.current === undefined;
  if (!isUnasked && isAnswerable(connection)) {
    registry.closed[reason] += 1;
    connection.isClosing = true;
    stopParsing(connection.socket);
    answerAndClose(connection.socket, renderBadRequest(publicUrl, code));
  } else closeConnection(registry, connection, reason);
}

function answerAndClose(socket: Socket, text: string): void {
  socket.end(text);
  // Not only ended: a client that never closes its side would keep the connection for good.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Whether the next bytes on the connection answer the broken ones: nothing else is in progress, and something was sent. */
function isAnswerable({ socket, current, waiting, discarded }: Connection): boolean {
  if (!socket.writable || socket.bytesRead === 0 || waiting.length > 0) return false;
  if (current === undefined) return discarded?.complete !== false;
  // The broken bytes are the body of the only request.
  return !current.request.complete && !current.response.headersSent;
}
