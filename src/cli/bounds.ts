import { HASH_QUEUE_LIMITS } from '../accounts/hashing/hash-queue.ts';
import { CAPS } from '../api/caps.ts';
import { DIFF_BYTES_MAX } from '../audit/diff.ts';
import { RESERVE_BYTES } from '../disk/reserve.ts';
import { FREE_BYTES_ENOUGH, FREE_BYTES_MIN, toMegabytes } from '../disk/space.ts';
import { BATCH_BYTES_MAX } from '../events/ingest/ingest.ts';
import {
  LARGE_BODIES_KIND_WAITING_MAX,
  LARGE_BODIES_MAX,
  LARGE_BODIES_OPEN_MAX,
  LARGE_BODIES_WAITING_MAX,
} from '../http/body/bodies.ts';
import { countDecoderBytes, SMALL_COMPRESSED_BYTES_MAX, WINDOW_BYTES_MAX } from '../http/body/decompress.ts';
import { BODY_VALUES_MAX, DEPTH_MAX, ITEM_VALUES_MAX, LIST_ITEMS_MAX } from '../http/body/outline.ts';
import {
  BODY_DEADLINE_MS,
  PACE_WINDOW_BYTES_MIN,
  PACE_WINDOW_MS,
  SLOW_BODY_BYTES_MAX,
  SLOW_UNVERIFIED_BYTES_MAX,
} from '../http/body/pace.ts';
import { WHOLE_PARSE_BYTES_MAX } from '../http/body/parse-json.ts';
import {
  CONNECTIONS_MAX,
  DISCARD_EVERY_MS,
  DISCARD_STEP_BYTES,
  DISCARD_WAIT_MS_MAX,
  DISCARDED_BYTES_MAX,
  decideCaps,
  FIRST_BYTE_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  OPEN_FILES_WANTED,
  PART_BYTES_MIN,
  PARTS_SPARE_MAX,
  REQUEST_TIMEOUT_MS,
  REQUESTS_OPEN_MAX,
  STALLED_MS,
  UNSENT_BYTES_MAX,
} from '../http/connections/limits.ts';
import { INCOMPLETE_MS } from '../http/connections/registry.ts';
import { FAILURE_LINES_PER_MINUTE } from '../http/pipeline/answer-log.ts';
import { SECOND_MS } from '../lib/durations.ts';
import { BODY_BYTES_TOTAL_MAX, BODY_SHARES } from '../limits/body-budget.ts';
import { SDK_EVENTS_PER_BATCH_MAX } from '../limits/policies.ts';
import { QUEUE_LIMITS } from '../warehouse/append-queue.ts';
import { QUICK_MS } from '../warehouse/engine/fair-choice.ts';
import { QUERY_TIMEOUT_MS } from '../warehouse/engine/gateway.ts';
import { QUERIES_WAITING_MAX, READERS } from '../warehouse/engine/open-gateways.ts';
import { QUERY_MEMORY_DEFAULT, SPILL_FACTOR } from '../warehouse/engine/query-memory.ts';

/** A bound that is built in: what it limits, its value, and what happens when it is exceeded. */
type Bound = { what: string; value: string; beyond: string };

const MEGABYTE = 1_000_000;
const MEBIBYTE = 1024 * 1024;

const count = (value: number): string => value.toLocaleString('en-US');
const seconds = (ms: number): string => `${ms / SECOND_MS} s`;
const mebibytes = (bytes: number): string => `${bytes / MEBIBYTE} MiB`;
const kibibytes = (bytes: number): string => `${bytes / 1024} KiB`;

const OVERLOADED = '503 `overloaded` with `Retry-After`';
const TOO_MANY = '409 `limit_reached`';
const CLOSED = 'the connection is closed';
const TOO_SLOW = '408 `request_too_slow`, and the connection is closed';

const CONNECTION_BOUNDS: readonly Bound[] = [
  {
    what: `Connections; three quarters of the open-file limit if it is below ${count(OPEN_FILES_WANTED)}`,
    value: count(CONNECTIONS_MAX),
    beyond: `the connection that has sent nothing for the longest time is closed, then the longest idle, the longest stalled, and the slowest request that is incomplete after ${seconds(INCOMPLETE_MS)}; if there is none, the new connection is refused`,
  },
  {
    what: 'Connections per address (IPv6: per /64), except trusted proxies and private addresses',
    value: `${count(decideCaps(OPEN_FILES_WANTED).perAddress)}, a quarter of all`,
    beyond: 'the same, among the connections of that address',
  },
  {
    what: 'Open requests per connection, handled one at a time',
    value: count(REQUESTS_OPEN_MAX),
    beyond: CLOSED,
  },
  {
    what: `Minimum average chunk size of a body with \`Transfer-Encoding: chunked\`, after the first ${PARTS_SPARE_MAX} chunks`,
    value: `${PART_BYTES_MIN} bytes`,
    beyond: '400 `invalid_encoding`, and the connection is closed',
  },
  {
    what: 'Body of a refused request that is still read, so that its sender can read the response',
    value: mebibytes(DISCARDED_BYTES_MAX),
    beyond: CLOSED,
  },
  {
    what: 'Bodies of refused requests that are read per second, all connections together',
    value: `${Math.floor((DISCARD_STEP_BYTES * 1_000) / DISCARD_EVERY_MS / MEGABYTE)} MB`,
    beyond: `they wait; connections that would wait longer than ${DISCARD_WAIT_MS_MAX} ms are closed`,
  },
  { what: 'Time to the first byte on a new connection', value: seconds(FIRST_BYTE_MS), beyond: CLOSED },
  { what: 'Time to receive the headers of a request', value: seconds(HEADERS_TIMEOUT_MS), beyond: CLOSED },
  { what: 'Time to receive the body of a request', value: seconds(REQUEST_TIMEOUT_MS), beyond: TOO_SLOW },
  { what: 'Time between two requests on a connection', value: seconds(KEEP_ALIVE_MS), beyond: CLOSED },
  {
    what: 'Time without progress in reading a response',
    value: seconds(STALLED_MS),
    beyond: 'the connection is reset',
  },
  {
    what: 'Unread responses, all connections together',
    value: `${UNSENT_BYTES_MAX / MEGABYTE} MB`,
    beyond: 'the connections that have stalled the longest are reset',
  },
];

const LARGE_BODY = `a body above ${kibibytes(WHOLE_PARSE_BYTES_MAX)} after decompression`;
const TOO_LARGE = '413 `payload_too_large`';
const ALONE = `${TOO_LARGE}; an event of another vendor's SDK is rejected alone`;

const bodyMemory = (what: string, bytes: number): Bound => ({
  what,
  value: mebibytes(bytes),
  beyond: OVERLOADED,
});
const largeBodies = (what: string, value: number): Bound => ({
  what,
  value: count(value),
  beyond: OVERLOADED,
});
const largeBodyPart = (what: string, value: number, beyond = TOO_LARGE): Bound => ({
  what: `${what} in ${LARGE_BODY}`,
  value: count(value),
  beyond,
});

const DECODER_BYTES_MAX = countDecoderBytes(WINDOW_BYTES_MAX, BATCH_BYTES_MAX);

const BODY_BOUNDS: readonly Bound[] = [
  bodyMemory('Request bodies in memory', BODY_BYTES_TOTAL_MAX),
  bodyMemory('Request bodies in memory, per key or person', BODY_SHARES.trusted.caller),
  bodyMemory('Request bodies in memory, all client and read-only keys together', BODY_SHARES.client.kind),
  bodyMemory(
    'Request bodies in memory, per address that uses client or read-only keys',
    BODY_SHARES.client.address,
  ),
  bodyMemory(
    'Request bodies in memory, all requests without a key or session together',
    BODY_SHARES.anonymous.kind,
  ),
  bodyMemory('Request bodies in memory, per address without a key or session', BODY_SHARES.anonymous.address),
  bodyMemory(
    "Request bodies in memory, all those of other vendors' SDKs until the key in them is verified",
    BODY_SHARES.unverified.kind,
  ),
  bodyMemory(
    "Request bodies in memory, per address for other vendors' SDKs until the key is verified",
    BODY_SHARES.unverified.address,
  ),
  {
    what: 'Memory for decompressing request bodies, in addition to the bodies',
    value: mebibytes(LARGE_BODIES_MAX * DECODER_BYTES_MAX),
    beyond: 'they wait',
  },
  largeBodies(
    `Large bodies (above ${kibibytes(WHOLE_PARSE_BYTES_MAX)}, or ${kibibytes(SMALL_COMPRESSED_BYTES_MAX)} compressed) processed at a time`,
    LARGE_BODIES_MAX,
  ),
  largeBodies('Large bodies processed at a time without a server key or session', LARGE_BODIES_OPEN_MAX),
  largeBodies('Large bodies waiting, per address, server key or person', LARGE_BODIES_WAITING_MAX),
  largeBodies('Large bodies waiting, all client and read-only keys together', LARGE_BODIES_KIND_WAITING_MAX),
  largeBodyPart('Elements of a list', LIST_ITEMS_MAX),
  largeBodyPart("Elements of a list from another vendor's SDK", SDK_EVENTS_PER_BATCH_MAX),
  largeBodyPart('Values of one list element', ITEM_VALUES_MAX, ALONE),
  largeBodyPart('Values', BODY_VALUES_MAX),
  largeBodyPart('Levels of nesting', DEPTH_MAX, ALONE),
  {
    what: `Minimum transfer rate of a body above ${kibibytes(SLOW_BODY_BYTES_MAX)}, or above ${SLOW_UNVERIFIED_BYTES_MAX / 1_000} KB until the key in it is verified`,
    value: `${PACE_WINDOW_BYTES_MIN / 1_000} KB in ${seconds(PACE_WINDOW_MS)}, and fast enough to complete in ${seconds(BODY_DEADLINE_MS)}`,
    beyond: TOO_SLOW,
  },
];

const { bytesMin: MEMORY_MIN, bytesMax: MEMORY_MAX } = QUERY_MEMORY_DEFAULT;

const STORAGE_BOUNDS: readonly Bound[] = [
  {
    what: 'Events waiting for the disk (per project: half)',
    value: `${count(QUEUE_LIMITS.rowsMax)} events or ${QUEUE_LIMITS.bytesMax / MEGABYTE} MB`,
    beyond: OVERLOADED,
  },
  {
    what: 'Free disk space below which events are refused',
    value: toMegabytes(FREE_BYTES_MIN),
    beyond: `503 \`disk_nearly_full\` with \`Retry-After\`, until ${toMegabytes(FREE_BYTES_ENOUGH)} are free`,
  },
  {
    what: 'Disk space reserved for revocations and sign-ins (`disk-reserve` in the data folder)',
    value: toMegabytes(RESERVE_BYTES),
    beyond: '503 `storage_unavailable`; revoked keys are refused from memory',
  },
  {
    what: 'Concurrent queries (per project: half, and short ones)',
    value: `${READERS}, one of them for queries of up to ${seconds(QUICK_MS)}`,
    beyond: 'queries wait; the project with the fewest running goes first',
  },
  { what: 'Waiting queries (per project: half)', value: count(QUERIES_WAITING_MAX), beyond: OVERLOADED },
  {
    what: 'Duration of a query, including waiting',
    value: seconds(QUERY_TIMEOUT_MS),
    beyond: '503 `query_timeout`; the query is killed',
  },
  {
    what: `Memory per query: 1/${READERS} of \`APPFLOW_QUERY_MEMORY\``,
    value: `${MEMORY_MIN / READERS / MEGABYTE} MB to ${count(MEMORY_MAX / READERS / MEGABYTE)} MB by default; above half of it, grouping and sorting spill to files of up to ${SPILL_FACTOR} times as much`,
    beyond: '422 `query_too_large`',
  },
];

const PROJECT_BOUNDS: readonly Bound[] = [
  {
    what: 'API keys per project that are neither revoked nor expired',
    value: count(CAPS.liveKeys),
    beyond: TOO_MANY,
  },
  { what: 'API keys created per project in 24 hours', value: count(CAPS.keysPerDay), beyond: TOO_MANY },
  {
    what: 'Secrets remembered per API key',
    value: count(CAPS.secretsPerKey),
    beyond: 'older secrets, which no longer work, are refused as unknown',
  },
  { what: 'Apps per project that are not deleted', value: count(CAPS.liveApps), beyond: TOO_MANY },
  { what: 'Apps created per project in 24 hours', value: count(CAPS.appsPerDay), beyond: TOO_MANY },
  { what: 'Pending invitations per project', value: count(CAPS.openInvitations), beyond: TOO_MANY },
  { what: 'Members per project', value: count(CAPS.membersPerProject), beyond: TOO_MANY },
  {
    what: 'Projects per person',
    value: count(CAPS.projectsPerPerson),
    beyond: TOO_MANY,
  },
  {
    what: 'Sessions per person',
    value: count(CAPS.sessionsPerPerson),
    beyond: 'the oldest session is signed out',
  },
  {
    what: 'Passwords from unknown devices waiting to be hashed',
    value: `${HASH_QUEUE_LIMITS.waitingMax} for up to ${seconds(HASH_QUEUE_LIMITS.waitMsMax)}`,
    beyond: `${OVERLOADED}; the password is not checked`,
  },
  {
    what: 'Passwords from known devices and sessions waiting to be hashed; these go first',
    value: `${HASH_QUEUE_LIMITS.waitingMax} for up to ${seconds(HASH_QUEUE_LIMITS.knownWaitMsMax)}`,
    beyond: `${OVERLOADED}; the password is not checked`,
  },
  {
    what: 'Changes recorded per audit log entry',
    value: `${count(DIFF_BYTES_MAX)} bytes`,
    beyond: 'long values are omitted and counted in `diff_omitted`',
  },
  {
    what: 'Log lines about failed responses, per error code and minute',
    value: count(FAILURE_LINES_PER_MINUTE),
    beyond: 'counted in `omittedBefore` of the next line',
  },
];

/** Every built-in bound, by subject. Values come from the constants that enforce them. */
const BOUNDS: Readonly<Record<string, readonly Bound[]>> = {
  Connections: CONNECTION_BOUNDS,
  'Request bodies': BODY_BOUNDS,
  'Storage and queries': STORAGE_BOUNDS,
  'Projects and people': PROJECT_BOUNDS,
};

/** Returns the bounds as a Markdown section per subject. */
export function renderBounds(): string {
  const sections = Object.entries(BOUNDS).map(([subject, bounds]) => {
    const rows = bounds.map(({ what, value, beyond }) => `| ${what} | ${value} | ${beyond} |`);
    return [`### ${subject}`, '', '| limit | value | when exceeded |', '|---|---|---|', ...rows].join('\n');
  });
  return sections.join('\n\n');
}
