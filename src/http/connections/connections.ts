import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import type { Cidr } from '../../lib/ip.ts';
import type { Log } from '../../lib/log.ts';
import { NEARBY } from '../network/address.ts';
import { type AcceptRules, accept } from './accept.ts';
import { type CloseReason, countUnsentBytes, inspectConnection } from './connection.ts';
import { queueRequest } from './in-order.ts';
import {
  type ConnectionCaps,
  decideCaps,
  findOpenFilesWarning,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  REQUEST_TIMEOUT_MS,
  readOpenFilesMax,
  UNSENT_BYTES_MAX,
} from './limits.ts';
import { refuseBytes } from './refuse-bytes.ts';
import {
  closeConnection,
  createRegistry,
  findIncomplete,
  freeUnsent,
  type Registry,
  STALLING_MS,
} from './registry.ts';
import { watchShortage } from './shortage.ts';

/** All connections of a process, over all its servers. Closes those that take memory, files or time from the others. */
export type Connections = {
  /** Returns a server that is not yet listening. `handle` gets the requests of each connection one after another. */
  createServer: (handle: RequestListener) => Server;
  /** Closes a connection whose bytes cannot be parsed, or did not arrive in time, as `refuseBytes`. */
  refuse: (error: NodeJS.ErrnoException, socket: Duplex, publicUrl: string) => void;
  /** Notes that an answer holds memory of its own until it is sent. */
  hold: (response: ServerResponse, bytes: number) => void;
  count: () => ConnectionCounts;
  /** Connections that were refused or closed since the start, by reason. */
  closed: () => Readonly<Record<CloseReason, number>>;
  /** Returns a sentence if connections were refused, or closed to make room, within the last minute. */
  findProblem: () => string | undefined;
  /** Returns a warning if the process may open too few files. */
  findWarning: () => string | undefined;
};

/** Open connections, how many of them have a request, how many may be open, and the bytes that wait for readers. */
export type ConnectionCounts = { open: number; active: number; max: number; unsentBytes: number };

/** What connections depend on. Tests replace the caps, and which networks are nearby. */
export type ConnectionOptions = {
  clock: Clock;
  log: Log;
  trustedProxies: readonly Cidr[];
  caps?: ConnectionCaps;
  nearby?: readonly Cidr[];
  unsentBytesMax?: number;
};

const INSPECT_MS = 500;

/** Connections that arrive together exceed the cap until those they replace are closed. Beyond this, Node refuses them. */
const ARRIVING_MAX = 64;

/** Node looks for requests that take too long only every 30 s. */
const TIMEOUT_CHECK_MS = 2_000;

/** Returns the connections of one process, initially none. */
export function createConnections({
  clock,
  log,
  trustedProxies,
  caps,
  nearby = NEARBY,
  unsentBytesMax = UNSENT_BYTES_MAX,
}: ConnectionOptions): Connections {
  const openFilesMax = readOpenFilesMax();
  const filesWarning = findOpenFilesWarning(openFilesMax);
  const limits = caps ?? decideCaps(openFilesMax);
  const registry = createRegistry();
  const shortage = watchShortage(registry, { clock, log });
  const roomy = [...nearby, ...trustedProxies];
  const inspect = () => {
    inspectAll(registry, clock.now(), unsentBytesMax);
    shortage.update();
  };
  return {
    createServer(handle) {
      if (filesWarning !== undefined) log.warn(filesWarning);
      const server = createTimedServer();
      const timer = setInterval(inspect, INSPECT_MS).unref();
      server.on('close', () => clearInterval(timer));
      server.maxConnections = limits.total + ARRIVING_MAX;
      server.on('drop', () => {
        registry.closed.server_full += 1;
      });
      const rules: AcceptRules = {
        caps: limits,
        roomy,
        handle,
        now: clock.now,
        refuse: (error, socket) => server.emit('clientError', error, socket),
      };
      server.on('connection', (socket) => accept(registry, socket, rules));
      server.on('request', (request, response) => {
        const connection = registry.all.get(request.socket);
        // Otherwise it is being closed, and the request was in the same packet.
        if (connection && !connection.isClosing)
          queueRequest(registry, connection, rules, { request, response });
      });
      return server;
    },
    refuse: (error, socket, publicUrl) => refuseBytes(registry, error, socket, publicUrl),
    hold(response, bytes) {
      const connection = response.socket && registry.all.get(response.socket);
      if (!connection) return;
      connection.heldBytes += bytes;
      registry.heldBytes += bytes;
      if (registry.heldBytes > unsentBytesMax) inspect();
    },
    count: () => countAll(registry, limits),
    closed: () => registry.closed,
    findProblem: shortage.findProblem,
    findWarning: () => filesWarning,
  };
}

function createTimedServer(): Server {
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    // A missing Host is refused by the application, with a body like every error.
    requireHostHeader: false,
  });
  // Expectations other than 100-continue may be ignored (RFC 9110 §10.1.1); Node would answer 417 without a body.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  return server;
}

/** Closes the connections that send nothing or whose reader has stalled, and more if too many bytes wait for readers. */
function inspectAll(registry: Registry, now: number, unsentBytesMax: number): void {
  const stalling = [];
  let unsentBytes = 0;
  for (const connection of registry.all.values()) {
    const reason = inspectConnection(connection, now);
    if (reason !== undefined) closeConnection(registry, connection, reason);
    else if (now - connection.takenAt >= STALLING_MS) stalling.push(connection);
    unsentBytes += countUnsentBytes(connection);
  }
  findIncomplete(registry, now);
  registry.stalling = stalling.sort((a, b) => a.takenAt - b.takenAt);
  if (unsentBytes > unsentBytesMax) freeUnsent(registry, unsentBytesMax);
}

function countAll({ all, idle, unserved }: Registry, { total }: ConnectionCaps): ConnectionCounts {
  const unsentBytes = [...all.values()].reduce((sum, connection) => sum + countUnsentBytes(connection), 0);
  return { open: all.size, active: all.size - idle.size - unserved.size, max: total, unsentBytes };
}
