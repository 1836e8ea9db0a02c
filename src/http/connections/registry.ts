import type { Socket } from 'node:net';
import { SECOND_MS } from '../../lib/durations.ts';
import { CLOSE_REASONS, type CloseReason, type Connection, countUnsentBytes } from './connection.ts';
import { stopParsing } from './parser.ts';

/** The open connections of a process, and how many were closed for which reason. */
export type Registry = {
  readonly all: Map<Socket, Connection>;
  /** Those that have not completed the headers of a request, oldest first. */
  readonly unserved: Set<Connection>;
  /** Those between two requests, the longest idle first. */
  readonly idle: Set<Connection>;
  /** Those whose reader takes nothing for a while, the longest first, as of the last inspection. */
  stalling: Connection[];
  /**
   * Those whose request takes long to arrive, as of the last inspection: of the network with the most connections first,
   * then the slowest.
   */
  incomplete: Connection[];
  /** Connections per network. */
  readonly perNetwork: Map<string, number>;
  readonly closed: Record<CloseReason, number>;
  /** The sum of all `heldBytes`. */
  heldBytes: number;
  /** When the next part of a body that is not used may be read, by `performance.now()`. */
  discardAt: number;
};

/** A reader that has taken nothing for this long makes room for others when there is none. */
export const STALLING_MS = 5 * SECOND_MS;

/** A request that is not complete after this long makes room for others when there is none. */
export const INCOMPLETE_MS = 5 * SECOND_MS;

/** Returns a registry without connections. */
export function createRegistry(): Registry {
  const closed = Object.fromEntries(CLOSE_REASONS.map((reason) => [reason, 0])) as Record<
    CloseReason,
    number
  >;
  return {
    all: new Map(),
    unserved: new Set(),
    idle: new Set(),
    stalling: [],
    incomplete: [],
    perNetwork: new Map(),
    closed,
    heldBytes: 0,
    discardAt: 0,
  };
}

/** Adds a new connection. */
export function addConnection(registry: Registry, connection: Connection): void {
  const { socket, network } = connection;
  registry.all.set(socket, connection);
  registry.unserved.add(connection);
  if (network !== undefined) registry.perNetwork.set(network, countOf(registry, network) + 1);
}

/** Returns how many connections a network has. */
export const countOf = ({ perNetwork }: Registry, network: string): number => perNetwork.get(network) ?? 0;

/** Removes a connection; does nothing if it was removed before. */
export function removeConnection(registry: Registry, connection: Connection): void {
  const { socket, network } = connection;
  if (!registry.all.delete(socket)) return;
  registry.unserved.delete(connection);
  registry.idle.delete(connection);
  releaseHeld(registry, connection);
  if (network === undefined) return;
  const count = countOf(registry, network) - 1;
  if (count > 0) registry.perNetwork.set(network, count);
  else registry.perNetwork.delete(network);
}

/** Frees what the current answer held. */
export function releaseHeld(registry: Registry, connection: Connection): void {
  registry.heldBytes -= connection.heldBytes;
  connection.heldBytes = 0;
}

/** Closes a connection and counts why; does nothing if it is being closed. */
export function closeConnection(registry: Registry, connection: Connection, reason: CloseReason): void {
  if (connection.isClosing) return;
  registry.closed[reason] += 1;
  discard(registry, connection);
}

function discard(registry: Registry, connection: Connection): void {
  const { socket } = connection;
  connection.isClosing = true;
  connection.waiting.length = 0;
  stopParsing(socket);
  // A close would leave what is not sent, and the connection, to the system, until the reader has taken it.
  if (socket.writableLength > 0) socket.resetAndDestroy();
  else socket.destroy();
  removeConnection(registry, connection);
}

/**
 * Closes the connection that is missed least, of this network if one is given: the one without a request for the longest
 * time, then the one that has been idle the longest, then the one with the most patient reader, then the one whose request
 * arrives the slowest. Returns whether there was one; connections with a complete request in progress stay.
 */
export function makeRoom(registry: Registry, network?: string): boolean {
  for (const connection of listReplaceable(registry)) {
    if (network !== undefined && connection.network !== network) continue;
    // Its client may have closed it since the inspection.
    if (!registry.all.has(connection.socket)) continue;
    closeConnection(registry, connection, 'made_room');
    return true;
  }
  return false;
}

function* listReplaceable({ unserved, idle, stalling, incomplete }: Registry): Generator<Connection> {
  yield* unserved;
  yield* idle;
  yield* stalling;
  // Unless the rest has arrived since the inspection.
  for (const connection of incomplete) if (isIncomplete(connection)) yield connection;
}

const isIncomplete = ({ current }: Connection) => current?.request.complete === false;

/** Notes which connections have a request that takes long to arrive. */
export function findIncomplete(registry: Registry, now: number): void {
  const sizeOf = ({ network }: Connection) => (network === undefined ? 0 : countOf(registry, network));
  const rateOf = ({ socket, currentAt, currentFromBytes }: Connection) =>
    (socket.bytesRead - currentFromBytes) / (now - currentAt);
  registry.incomplete = [...registry.all.values()]
    .filter((connection) => isIncomplete(connection) && now - connection.currentAt >= INCOMPLETE_MS)
    .map((connection) => ({ connection, size: sizeOf(connection), rate: rateOf(connection) }))
    .sort((a, b) => b.size - a.size || a.rate - b.rate)
    .map(({ connection }) => connection);
}

/** Closes the connections that have taken nothing for the longest time until no more than `bytesMax` wait for readers. */
export function freeUnsent(registry: Registry, bytesMax: number): void {
  const holding = [...registry.all.values()].filter((connection) => countUnsentBytes(connection) > 0);
  let bytes = holding.reduce((sum, connection) => sum + countUnsentBytes(connection), 0);
  if (bytes <= bytesMax) return;
  for (const connection of holding.toSorted((a, b) => a.takenAt - b.takenAt)) {
    if (bytes <= bytesMax) return;
    bytes -= countUnsentBytes(connection);
    closeConnection(registry, connection, 'unsent_answers');
  }
}
