import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Connection } from './connection.ts';
import {
  DISCARD_EVERY_MS,
  DISCARD_PAUSE_MS,
  DISCARD_STEP_BYTES,
  DISCARD_WAIT_MS_MAX,
  DISCARDED_BYTES_MAX,
  PART_BYTES_MIN,
  PARTS_PER_REQUEST,
  PARTS_SPARE_MAX,
} from './limits.ts';
import { closeConnection, type Registry } from './registry.ts';

/** The code of the error with which a body is refused that comes in too many chunks. */
export const TINY_CHUNKS = 'ERR_TINY_CHUNKS';

/**
 * Decides about one part of a body that has arrived, before anything is done with it. Returns whether its request gets
 * it. Calls `refuse` if the body comes in chunks so tiny that each byte costs as much as a hundred.
 */
export function receivePart(
  registry: Registry,
  connection: Connection,
  { request, bytes }: { request: IncomingMessage | null; bytes: number },
  refuse: (error: NodeJS.ErrnoException) => void,
): boolean {
  if (connection.isClosing) return false;
  connection.spareParts = Math.min(PARTS_SPARE_MAX, connection.spareParts + bytes / PART_BYTES_MIN - 1);
  // Without chunks, a part is what has arrived since the last read: a slow sender's is small.
  if (connection.spareParts < 0 && request?.headers['transfer-encoding'] !== undefined) {
    refuse(Object.assign(new Error('The chunks of the body are too small.'), { code: TINY_CHUNKS }));
    return false;
  }
  if (request !== null && request === connection.discarded) {
    discardPart(registry, connection, bytes);
    return false;
  }
  // It would be kept in memory outside every budget. Node may have resumed the connection since.
  if (connection.waiting.length > 0) pauseReading(connection.socket);
  return true;
}

/** Notes that a request has arrived: a small body may come in small chunks. */
export function allowParts(connection: Connection): void {
  connection.spareParts = Math.min(PARTS_SPARE_MAX, Math.max(0, connection.spareParts) + PARTS_PER_REQUEST);
}

/**
 * Lets the sender finish a body that is not used, because its request was refused: most clients read the answer only after
 * sending everything, and see a connection that is closed before as a network error instead of the 413 that makes them
 * halve the batch. Bounded, also by the time limit of a request; with pauses, because hundreds of such bodies at full
 * speed would keep the event loop from everything else.
 */
export function discardRest(connection: Connection, request: IncomingMessage): void {
  connection.discarded = request;
  connection.discardedBytes = 0;
}

function discardPart(registry: Registry, connection: Connection, bytes: number): void {
  const { socket, discardedBytes } = connection;
  connection.discardedBytes += bytes;
  if (connection.discardedBytes > DISCARDED_BYTES_MAX) closeConnection(registry, connection, 'unused_body');
  const steps = (count: number) => Math.floor(count / DISCARD_STEP_BYTES);
  if (connection.isClosing || steps(connection.discardedBytes) === steps(discardedBytes)) return;
  const now = performance.now();
  const waitMs = Math.max(registry.discardAt, now) + DISCARD_EVERY_MS - now;
  // While it waits, the server does not notice that its sender has gone.
  if (waitMs > DISCARD_WAIT_MS_MAX) return void closeConnection(registry, connection, 'unused_body');
  registry.discardAt = now + waitMs;
  pauseReading(socket);
  const resume = () => {
    // Otherwise it is paused for another reason by now.
    if (connection.waiting.length === 0) resumeReading(socket);
  };
  setTimeout(resume, Math.max(DISCARD_PAUSE_MS, waitMs)).unref();
}

const stayPaused = function (this: Socket): Socket {
  return this;
};

/** Reads nothing from a connection until `resumeReading`, whatever Node does with its requests meanwhile. */
export function pauseReading(socket: Socket): void {
  socket.resume = stayPaused;
  socket.pause();
}

/** Reads again; does nothing unless `pauseReading` was called. */
export function resumeReading(socket: Socket): void {
  if (!Object.hasOwn(socket, 'resume')) return;
  Reflect.deleteProperty(socket, 'resume');
  socket.resume();
}
