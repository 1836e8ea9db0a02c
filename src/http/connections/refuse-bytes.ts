import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SECOND_MS } from '../../lib/durations.ts';
import { renderBadRequest } from './bad-request.ts';
import type { CloseReason, Connection } from './connection.ts';
import { closeConnection, type Registry } from './registry.ts';

/** An answer to broken bytes has this long to be read before its connection is closed. */
const LINGER_MS = SECOND_MS;

/** The peer closed the connection: there is no one to answer, and nothing to count. */
const DISCONNECTED = ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT'];

/**
 * Closes a connection whose bytes cannot be parsed, or did not arrive in time. Answers 400 only if the client cannot take it
 * for the answer to another request.
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
  const reason: CloseReason = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'timed_out' : 'not_http';
  if (isAnswerable(connection)) {
    registry.closed[reason] += 1;
    connection.isClosing = true;
    answerAndClose(connection.socket, renderBadRequest(publicUrl));
  } else closeConnection(registry, connection, reason);
}

function answerAndClose(socket: Socket, text: string): void {
  socket.end(text);
  // Not only ended: a client that never closes its side would keep the connection for good.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Whether the next bytes on the connection answer the broken ones: nothing else is in progress, and something was sent. */
function isAnswerable({ socket, current, waiting }: Connection): boolean {
  if (!socket.writable || socket.bytesRead === 0 || waiting.length > 0) return false;
  if (current === undefined) return true;
  // The broken bytes are the body of the only request.
  return !current.request.complete && !current.response.headersSent;
}
