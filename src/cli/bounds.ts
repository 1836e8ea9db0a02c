import { HASH_QUEUE_LIMITS } from '../accounts/hashing/hash-queue.ts';
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
    what: 'Passwords waiting to be hashed, one at a time: those of unknown devices; as many of known devices and sessions go first',
    value: `${HASH_QUEUE_LIMITS.waitingMax}, each for up to ${HASH_QUEUE_LIMITS.waitMsMax / 1_000} s (${HASH_QUEUE_LIMITS.knownWaitMsMax / 1_000} s)`,
    beyond: '503 `overloaded` with `Retry-After`; nothing is checked',
  },
];

/** Returns the bounds as a Markdown table. */
export function renderBounds(): string {
  const rows = BOUNDS.map(({ what, value, beyond }) => `| ${what} | ${value} | ${beyond} |`);
  return ['| bound | value | beyond it |', '|---|---|---|', ...rows].join('\n');
}
