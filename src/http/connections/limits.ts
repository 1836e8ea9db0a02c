import { SECOND_MS } from '../../lib/durations.ts';

/**
 * Requests of one connection that may be open: one is handled, the others wait for it. Browsers, proxies and HTTP clients
 * send the next request after the answer; only a flood sends more.
 */
export const REQUESTS_OPEN_MAX = 8;

/**
 * The least average size of the parts of a body: Node creates a buffer and an event for each chunk, so a body in chunks of
 * one byte costs as much as one a hundred times its size. Clients send chunks of kilobytes; one event alone has 100 bytes.
 */
export const PART_BYTES_MIN = 64;

/** Smaller parts that a connection may send beyond that average, and how many more each request allows. */
export const PARTS_SPARE_MAX = 64;
export const PARTS_PER_REQUEST = 8;

/** How much of the body of a refused request is read and discarded, so that its sender can read the answer. */
export const DISCARDED_BYTES_MAX = 64 * 1024 * 1024;

/** It is read in steps, with a pause after each. */
export const DISCARD_STEP_BYTES = 64 * 1024;
export const DISCARD_PAUSE_MS = 50;

/**
 * How far apart these steps are, of all connections together: 32 MB per second. Each step leaves 64 KB of garbage, and V8
 * collects all of its garbage whenever 64 MB of buffers have come together.
 */
export const DISCARD_EVERY_MS = 2;

/** A connection whose next step would wait longer than this is closed: while paused, it doesn't notice that its sender left. */
export const DISCARD_WAIT_MS_MAX = 500;

/** Connections of all callers together, if the process may open enough files. Each takes about 10 KB. */
export const CONNECTIONS_MAX = 10_000;

/** The share of one address (for IPv6, of one /64): a mobile network puts thousands of phones behind one address. */
const ADDRESS_SHARE = 1 / 4;

/** A connection that sends nothing is closed. Clients connect when they have a request; browsers connect a bit earlier. */
export const FIRST_BYTE_MS = 10 * SECOND_MS;

/** A client that takes longer to send the headers of a request, or all of it, is disconnected. */
export const HEADERS_TIMEOUT_MS = 20 * SECOND_MS;
export const REQUEST_TIMEOUT_MS = 60 * SECOND_MS;

/** A connection without a request is closed. Longer than the pools of proxies keep theirs, which is 60 s in nginx. */
export const KEEP_ALIVE_MS = 72 * SECOND_MS;

/**
 * A reader that takes nothing for this long is disconnected: its answer occupies memory and a slot of its key. An active
 * reader takes a piece within milliseconds; 30 s is enough for a wireless connection to recover.
 */
export const STALLED_MS = 30 * SECOND_MS;

/** Large answers are written in pieces. Small, so that even a slow reader takes one in time: 2 KB per second are enough. */
export const PIECE_BYTES = 64 * 1024;

/** Bytes of answers that are not yet sent, of all connections together. */
export const UNSENT_BYTES_MAX = 128_000_000;

/** Files that the databases and the log need, however few may be opened. */
const FILES_RESERVED_MIN = 256;
const FILES_RESERVED_SHARE = 1 / 4;
const CONNECTIONS_MIN = 16;

/** The open-file limit from which on all CONNECTIONS_MAX connections fit. */
export const OPEN_FILES_WANTED = Math.ceil(CONNECTIONS_MAX / (1 - FILES_RESERVED_SHARE));

/** How many connections a process accepts, and from one address. */
export type ConnectionCaps = { total: number; perAddress: number };

/** Returns the caps of a process that may open this many files: each connection is one. */
export function decideCaps(openFilesMax: number): ConnectionCaps {
  // Also when there is no limit, which is infinite.
  const files = Math.min(openFilesMax, OPEN_FILES_WANTED);
  const reserved = Math.max(FILES_RESERVED_MIN, Math.ceil(files * FILES_RESERVED_SHARE));
  const total = Math.max(CONNECTIONS_MIN, Math.min(CONNECTIONS_MAX, files - reserved));
  return { total, perAddress: Math.max(CONNECTIONS_MIN, Math.floor(total * ADDRESS_SHARE)) };
}

/** Returns how many files this process may open (`ulimit -n`); Node raises its soft limit to the hard one at start. */
export function readOpenFilesMax(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}

/** Returns a warning with what to do if the process may open too few files. */
export function findOpenFilesWarning(openFilesMax: number): string | undefined {
  if (openFilesMax >= OPEN_FILES_WANTED) return undefined;
  const { total } = decideCaps(openFilesMax);
  return `The process may open ${openFilesMax} files, so at most ${total} connections are accepted. Raise the limit (\`ulimit -n\`, or LimitNOFILE in systemd) to ${OPEN_FILES_WANTED} or more.`;
}
