import { HASH_QUEUE_LIMITS } from '../accounts/hashing/hash-queue.ts';
import { CAPS } from '../api/caps.ts';
import { DIFF_BYTES_MAX } from '../audit/diff.ts';
import { RESERVE_BYTES } from '../disk/reserve.ts';
import { FREE_BYTES_ENOUGH, FREE_BYTES_MIN, toMegabytes } from '../disk/space.ts';
import {
  LARGE_BODIES_KIND_WAITING_MAX,
  LARGE_BODIES_MAX,
  LARGE_BODIES_OPEN_MAX,
  LARGE_BODIES_WAITING_MAX,
} from '../http/body/bodies.ts';
import { SMALL_COMPRESSED_BYTES_MAX } from '../http/body/decompress.ts';
import { BODY_VALUES_MAX, DEPTH_MAX, ITEM_VALUES_MAX, LIST_ITEMS_MAX } from '../http/body/outline.ts';
import {
  BODY_DEADLINE_MS,
  PACE_WINDOW_BYTES_MIN,
  PACE_WINDOW_MS,
  SLOW_BODY_BYTES_MAX,
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
import { QUEUE_LIMITS } from '../warehouse/append-queue.ts';
import { QUICK_MS } from '../warehouse/engine/fair-choice.ts';
import { QUERY_TIMEOUT_MS } from '../warehouse/engine/gateway.ts';
import { QUERY_MEMORY_DEFAULT, SPILL_FACTOR } from '../warehouse/engine/query-memory.ts';
import { QUERIES_WAITING_MAX, READERS } from '../warehouse/open.ts';

/** A bound that is built in: what it limits, its value, and what happens beyond it. */
type Bound = { what: string; value: string; beyond: string };

const MEGABYTE = 1_000_000;
const MEBIBYTE = 1024 * 1024;

const count = (value: number): string => value.toLocaleString('en-US');
const seconds = (ms: number): string => `${ms / SECOND_MS} s`;
const mebibytes = (bytes: number): string => `${bytes / MEBIBYTE} MiB`;

const OVERLOADED = '503 `overloaded` with `Retry-After`';
const TOO_MANY = '409 `limit_reached`';
const CLOSED = 'the connection is closed';

const CONNECTION_BOUNDS: readonly Bound[] = [
  {
    what: `Connections; fewer if the process may open fewer than ${count(OPEN_FILES_WANTED)} files (three quarters of its limit)`,
    value: count(CONNECTIONS_MAX),
    beyond: `the one without a request for the longest time is closed, then the longest idle, the longest stalled, and the one with the slowest request that is incomplete after ${seconds(INCOMPLETE_MS)}; if there is none, the new one is refused`,
  },
  {
    what: 'Connections of one address (IPv6: of one /64), except trusted proxies and private addresses',
    value: `${count(decideCaps(OPEN_FILES_WANTED).perAddress)}, a quarter of all`,
    beyond: 'the same, among its own connections',
  },
  {
    what: 'Open requests of one connection; they are handled one after another',
    value: count(REQUESTS_OPEN_MAX),
    beyond: CLOSED,
  },
  {
    what: `Average size of the chunks of a body with \`Transfer-Encoding: chunked\`, beyond the first ${PARTS_SPARE_MAX}, at least`,
    value: `${PART_BYTES_MIN} bytes`,
    beyond: '400 `invalid_encoding`, and the connection is closed',
  },
  {
    what: 'Bytes of the body of a refused request that are read so that its sender can read the answer',
    value: `${DISCARDED_BYTES_MAX / MEBIBYTE} MiB`,
    beyond: CLOSED,
  },
  {
    what: 'Bytes of the bodies of refused requests that are read per second, all connections together',
    value: `${Math.floor((DISCARD_STEP_BYTES * 1_000) / DISCARD_EVERY_MS / MEGABYTE)} MB`,
    beyond: `they wait, and connections that would wait for more than ${DISCARD_WAIT_MS_MAX} ms are closed`,
  },
  { what: 'Time to the first byte of a new connection', value: seconds(FIRST_BYTE_MS), beyond: CLOSED },
  { what: 'Time to the end of the headers of a request', value: seconds(HEADERS_TIMEOUT_MS), beyond: CLOSED },
  { what: 'Time to the end of the body of a request', value: seconds(REQUEST_TIMEOUT_MS), beyond: CLOSED },
  { what: 'Time between two requests of a connection', value: seconds(KEEP_ALIVE_MS), beyond: CLOSED },
  {
    what: 'Time in which the reader of an answer must take a piece of it (64 KB)',
    value: seconds(STALLED_MS),
    beyond: 'the connection is reset',
  },
  {
    what: 'Bytes of answers that wait for readers, all connections together',
    value: `${UNSENT_BYTES_MAX / MEGABYTE} MB`,
    beyond: 'the connections that stalled for the longest time are reset',
  },
];

const LARGE_BODY = `a body above ${WHOLE_PARSE_BYTES_MAX / 1024} KiB after decompression`;

const BODY_BOUNDS: readonly Bound[] = [
  { what: 'Request bodies in memory', value: mebibytes(BODY_BYTES_TOTAL_MAX), beyond: OVERLOADED },
  {
    what: 'Those of one key, or of one person',
    value: mebibytes(BODY_SHARES.trusted.caller),
    beyond: OVERLOADED,
  },
  {
    what: 'Those of all client and read-only keys together; of one address that uses them',
    value: `${mebibytes(BODY_SHARES.client.kind)}; ${mebibytes(BODY_SHARES.client.address)}`,
    beyond: OVERLOADED,
  },
  {
    what: 'Those without a key or session; of one address without',
    value: `${mebibytes(BODY_SHARES.anonymous.kind)}; ${mebibytes(BODY_SHARES.anonymous.address)}`,
    beyond: OVERLOADED,
  },
  {
    what: `Bodies above ${WHOLE_PARSE_BYTES_MAX / 1024} KiB, or ${SMALL_COMPRESSED_BYTES_MAX / 1024} KiB compressed, that are decompressed and parsed at a time; of them without a server key or session; more of one address, server key or person that wait; of all client and read-only keys`,
    value: [LARGE_BODIES_MAX, LARGE_BODIES_OPEN_MAX, LARGE_BODIES_WAITING_MAX, LARGE_BODIES_KIND_WAITING_MAX]
      .map(count)
      .join('; '),
    beyond: OVERLOADED,
  },
  {
    what: `Elements of a list in ${LARGE_BODY}; values of one element; values in all; levels of nesting`,
    value: [LIST_ITEMS_MAX, ITEM_VALUES_MAX, BODY_VALUES_MAX, DEPTH_MAX].map(count).join('; '),
    beyond: '413 `payload_too_large`',
  },
  {
    what: `Least that arrives of a body above ${SLOW_BODY_BYTES_MAX / 1024} KiB`,
    value: `${PACE_WINDOW_BYTES_MIN / 1_000} KB in ${seconds(PACE_WINDOW_MS)}, and fast enough to be complete in ${seconds(BODY_DEADLINE_MS)}`,
    beyond: '408 `request_too_slow`, and the connection is closed',
  },
];

const { bytesMin: MEMORY_MIN, bytesMax: MEMORY_MAX } = QUERY_MEMORY_DEFAULT;

const STORAGE_BOUNDS: readonly Bound[] = [
  {
    what: 'Events waiting for the disk, all projects together (one project: half)',
    value: `${count(QUEUE_LIMITS.rowsMax)} events, ${QUEUE_LIMITS.bytesMax / MEGABYTE} MB`,
    beyond: OVERLOADED,
  },
  {
    what: 'Free disk space below which events are refused',
    value: toMegabytes(FREE_BYTES_MIN),
    beyond: `503 \`disk_nearly_full\` with \`Retry-After\`, until ${toMegabytes(FREE_BYTES_ENOUGH)} are free`,
  },
  {
    what: 'Disk space kept in reserve for revocations and sign-ins (`disk-reserve` in the data folder)',
    value: toMegabytes(RESERVE_BYTES),
    beyond: '503 `storage_unavailable`; revoked keys are refused from memory',
  },
  {
    what: 'Queries that run at a time (one project: half, and short ones)',
    value: `${READERS}, one of them for queries of up to ${seconds(QUICK_MS)}`,
    beyond: 'they wait, the project with the fewest running first',
  },
  { what: 'Queries that wait (one project: half)', value: count(QUERIES_WAITING_MAX), beyond: OVERLOADED },
  {
    what: 'Time of a query, waiting included',
    value: seconds(QUERY_TIMEOUT_MS),
    beyond: '503 `query_timeout`; it is killed',
  },
  {
    what: `Memory of a query: 1/${READERS} of \`APPFLOW_QUERY_MEMORY\``,
    value: `${MEMORY_MIN / READERS / MEGABYTE} MB to ${count(MEMORY_MAX / READERS / MEGABYTE)} MB by default; from half of it on, grouping and sorting continue in files of up to ${SPILL_FACTOR} times as much`,
    beyond: '422 `query_too_large`',
  },
];

const PROJECT_BOUNDS: readonly Bound[] = [
  {
    what: 'API keys of a project that are neither revoked nor expired',
    value: count(CAPS.liveKeys),
    beyond: TOO_MANY,
  },
  { what: 'API keys a project creates within 24 hours', value: count(CAPS.keysPerDay), beyond: TOO_MANY },
  {
    what: 'Secrets remembered per API key',
    value: count(CAPS.secretsPerKey),
    beyond: 'older ones, which no longer work, are refused as unknown',
  },
  { what: 'Apps of a project that are not deleted', value: count(CAPS.liveApps), beyond: TOO_MANY },
  { what: 'Apps a project creates within 24 hours', value: count(CAPS.appsPerDay), beyond: TOO_MANY },
  { what: 'Pending invitations to a project', value: count(CAPS.openInvitations), beyond: TOO_MANY },
  { what: 'Members of a project', value: count(CAPS.membersPerProject), beyond: TOO_MANY },
  {
    what: 'Projects of a person who creates another',
    value: count(CAPS.projectsPerPerson),
    beyond: TOO_MANY,
  },
  { what: 'Sessions of a person', value: count(CAPS.sessionsPerPerson), beyond: 'the oldest ends' },
  {
    what: 'Passwords waiting to be hashed, one at a time: from unknown devices; from known devices and sessions, which go first',
    value: `${HASH_QUEUE_LIMITS.waitingMax} for up to ${seconds(HASH_QUEUE_LIMITS.waitMsMax)}; ${HASH_QUEUE_LIMITS.waitingMax} for up to ${seconds(HASH_QUEUE_LIMITS.knownWaitMsMax)}`,
    beyond: `${OVERLOADED}; nothing is checked`,
  },
  {
    what: 'Changes recorded in one audit log entry',
    value: `${count(DIFF_BYTES_MAX)} bytes`,
    beyond: 'long values are left out and counted in `diff_omitted`',
  },
  {
    what: 'Log lines about failed answers, per error code and minute',
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
    return [`### ${subject}`, '', '| bound | value | beyond it |', '|---|---|---|', ...rows].join('\n');
  });
  return sections.join('\n\n');
}
