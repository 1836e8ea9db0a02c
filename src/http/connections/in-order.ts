import type { RequestListener } from 'node:http';
import { allowParts, discardRest, pauseReading, resumeReading } from './body-parts.ts';
import type { Connection, Served } from './connection.ts';
import { REQUESTS_OPEN_MAX } from './limits.ts';
import { closeConnection, type Registry, releaseHeld } from './registry.ts';

/** What requests are handled with. */
export type Rules = { handle: RequestListener; now: () => number };

/**
 * Handles a request, or lets it wait for those before it on its connection, so that no connection holds more than one
 * answer (RFC 9112 §9.3.2 asks only for answers in order). Closes the connection if too many wait.
 */
export function queueRequest(registry: Registry, connection: Connection, rules: Rules, served: Served): void {
  allowParts(connection);
  if (connection.current === undefined) start(registry, connection, rules, served);
  else if (connection.waiting.length < REQUESTS_OPEN_MAX - 1) {
    connection.waiting.push(served);
    // What follows is not read until this one is handled.
    pauseReading(connection.socket);
  } else closeConnection(registry, connection, 'pipelined');
}

function start(registry: Registry, connection: Connection, { handle, now }: Rules, served: Served): void {
  connection.current = served;
  connection.currentAt = now();
  connection.currentFromBytes = connection.socket.bytesRead;
  connection.discarded = undefined;
  registry.unserved.delete(connection);
  registry.idle.delete(connection);
  served.response.on('close', connection.onAnswered);
  handle(served.request, served.response);
}

/** Goes on with the next request of a connection once an answer is sent. */
export function continueConnection(registry: Registry, connection: Connection, rules: Rules): void {
  const answered = connection.current?.request;
  connection.current = undefined;
  releaseHeld(registry, connection);
  const { socket, isClosing, waiting } = connection;
  // After `Connection: close`, what follows is not answered.
  if (isClosing || !socket.writable) return;
  const next = waiting.shift();
  if (answered?.complete === false) discardRest(connection, answered);
  if (next) start(registry, connection, rules, next);
  else registry.idle.add(connection);
  if (waiting.length === 0) resumeReading(socket);
}
