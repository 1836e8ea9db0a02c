import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FIRST_BYTE_MS, STALLED_MS } from './limits.ts';

/** A request and its answer. */
export type Served = { request: IncomingMessage; response: ServerResponse };

/** One open connection. */
export type Connection = {
  readonly socket: Socket;
  /** What the cap per address counts by; undefined for proxies and machines nearby, which have none. */
  readonly network: string | undefined;
  readonly openedAt: number;
  /** The request that is handled, until its answer is sent. */
  current: Served | undefined;
  /** When it started, and the bytes that the connection had received by then. */
  currentAt: number;
  currentFromBytes: number;
  /** Requests that wait for the current one, in order. */
  readonly waiting: Served[];
  /** Bytes of the current answer if it is large: memory that only this connection needs. */
  heldBytes: number;
  /** Bytes that the system has taken, and when it last took some or had nothing to take. */
  takenBytes: number;
  takenAt: number;
  /** How many more parts of bodies may be small, see PART_BYTES_MIN. */
  spareParts: number;
  /** The answered request whose body has not arrived completely, and how much of it has arrived since. */
  discarded: IncomingMessage | undefined;
  discardedBytes: number;
  /** Set once it is being closed: whatever it still sends is ignored. */
  isClosing: boolean;
  /** Runs when the current answer is sent, or can no longer be. */
  readonly onAnswered: () => void;
};

/** Why a connection was closed, or never accepted. */
export const CLOSE_REASONS = [
  'server_full',
  'address_full',
  'made_room',
  'silent',
  'timed_out',
  'stalled',
  'unsent_answers',
  'pipelined',
  'tiny_chunks',
  'unused_body',
  'not_http',
] as const;

/** One of CLOSE_REASONS. */
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** Notes whether the reader takes its answer. Returns why the connection must be closed, undefined if it must not. */
export function inspectConnection(connection: Connection, now: number): CloseReason | undefined {
  const { socket, openedAt } = connection;
  if (socket.bytesRead === 0 && now - openedAt >= FIRST_BYTE_MS) return 'silent';
  const unsent = socket.writableLength;
  const takenBytes = unsent === 0 ? 0 : socket.bytesWritten - unsent;
  if (unsent === 0 || takenBytes !== connection.takenBytes) {
    connection.takenBytes = takenBytes;
    connection.takenAt = now;
    return undefined;
  }
  return now - connection.takenAt >= STALLED_MS ? 'stalled' : undefined;
}

/** Returns the bytes that wait for the reader, in this process. */
export const countUnsentBytes = ({ socket, heldBytes }: Connection): number =>
  Math.max(socket.writableLength, heldBytes);
