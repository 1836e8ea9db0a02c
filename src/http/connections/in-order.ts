import type { RequestListener } from 'node:http';
import type { Connection, Served } from './connection.ts';
import { REQUESTS_OPEN_MAX } from './limits.ts';
import { closeConnection, type Registry, releaseHeld } from './registry.ts';

/**
 * Handles a request, or lets it wait for those before it on its connection, so that no connection holds more than one
 * answer (RFC 9112 §9.3.2 asks only for answers in order). Closes the connection if too many wait.
 */
export function queueRequest(
  registry: Registry,
  connection: Connection,
  handle: RequestListener,
  served: Served,
): void {
  if (connection.current === undefined) start(registry, connection, handle, served);
  else if (connection.waiting.length < REQUESTS_OPEN_MAX - 1) connection.waiting.push(served);
  else closeConnection(registry, connection, 'pipelined');
}

function start(registry: Registry, connection: Connection, handle: RequestListener, served: Served): void {
  connection.current = served;
  registry.unserved.delete(connection);
  registry.idle.delete(connection);
  served.response.on('close', connection.onAnswered);
  handle(served.request, served.response);
}

/** Goes on with the next request of a connection once an answer is sent. */
export function continueConnection(
  registry: Registry,
  connection: Connection,
  handle: RequestListener,
): void {
  connection.current = undefined;
  releaseHeld(registry, connection);
  const { socket, isClosing, waiting } = connection;
  // After `Connection: close`, what follows is not answered.
  if (isClosing || !socket.writable) return;
  const next = waiting.shift();
  if (next) start(registry, connection, handle, next);
  else registry.idle.add(connection);
}
