import { RESERVE_BYTES } from '../disk/reserve.ts';
import { FREE_BYTES_ENOUGH, FREE_BYTES_MIN, toMegabytes } from '../disk/space.ts';
import { QUEUE_LIMITS } from '../warehouse/append-queue.ts';

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
    what: 'Free disk space below which events are refused',
    value: toMegabytes(FREE_BYTES_MIN),
    beyond: `503 \`disk_nearly_full\` with \`Retry-After\`, until ${toMegabytes(FREE_BYTES_ENOUGH)} are free`,
  },
  {
    what: 'Disk space kept in reserve for revocations and sign-ins (`disk-reserve` in the data folder)',
    value: toMegabytes(RESERVE_BYTES),
    beyond: '503 `storage_unavailable`; revoked keys are refused from memory',
  },
];

/** Returns the bounds as a Markdown table. */
export function renderBounds(): string {
  const rows = BOUNDS.map(({ what, value, beyond }) => `| ${what} | ${value} | ${beyond} |`);
  return ['| bound | value | beyond it |', '|---|---|---|', ...rows].join('\n');
}
