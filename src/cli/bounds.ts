import { QUEUE_LIMITS } from '../warehouse/append-queue.ts';
import { QUICK_MS } from '../warehouse/engine/fair-choice.ts';
import { QUERY_TIMEOUT_MS } from '../warehouse/engine/gateway.ts';
import { QUERY_MEMORY_DEFAULT, SPILL_FACTOR } from '../warehouse/engine/query-memory.ts';
import { QUERIES_WAITING_MAX, READERS } from '../warehouse/open.ts';

/** A bound that is built in, as docs/configuration.md lists it: what it limits, its value, and what happens beyond it. */
export type Bound = { what: string; value: string; beyond: string };

const MEGABYTE = 1_000_000;

const count = (value: number): string => value.toLocaleString('en-US');

/** Every built-in bound, grouped by subject. Values come from the constants that enforce them. */
export const BOUNDS: readonly Bound[] = [
  {
    what: 'Events waiting for the disk, all projects together (one project: half)',
    value: `${count(QUEUE_LIMITS.rowsMax)} events, ${QUEUE_LIMITS.bytesMax / MEGABYTE} MB`,
    beyond: '503 `overloaded` with `Retry-After`',
  },
  {
    what: 'Queries that run at a time (one project: half, and short ones)',
    value: `${READERS}, one of them for queries of up to ${QUICK_MS / 1_000} s`,
    beyond: 'they wait, the project with the fewest running first',
  },
  {
    what: 'Queries that wait (one project: half)',
    value: count(QUERIES_WAITING_MAX),
    beyond: '503 `overloaded` with `Retry-After`',
  },
  {
    what: 'Time of a query, waiting included',
    value: `${QUERY_TIMEOUT_MS / 1_000} s`,
    beyond: '503 `query_timeout`; it is killed',
  },
  {
    what: `Memory of a query: 1/${READERS} of \`APPFLOW_QUERY_MEMORY\``,
    value: `${QUERY_MEMORY_DEFAULT.bytesMin / READERS / MEGABYTE} MB to ${count(QUERY_MEMORY_DEFAULT.bytesMax / READERS / MEGABYTE)} MB by default; from half of it on, grouping and sorting go on in files of up to ${SPILL_FACTOR} times as much`,
    beyond: '422 `query_too_large`',
  },
];

/** Returns the bounds as a Markdown table. */
export function renderBounds(): string {
  const rows = BOUNDS.map(({ what, value, beyond }) => `| ${what} | ${value} | ${beyond} |`);
  return ['| bound | value | beyond it |', '|---|---|---|', ...rows].join('\n');
}
