import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A part of a table: an immutable folder of column files that holds some of its rows. */
export type Part = {
  rows: number;
  /** The times of its first and last event, in UTC; empty for other tables. */
  from: string;
  to: string;
};

const NAME = /^(.+?)_(\d+)_(\d+)_(\d+)(?:_(\d+))?$/;

/** Returns the names of the parts in a table's folder, also those that the engine will find broken. */
export async function listPartFolders(folder: string, table: string): Promise<string[]> {
  const names = await readdir(join(folder, table)).catch(() => []);
  return names.filter((name) => NAME.test(name));
}

/**
 * Returns which recorded parts are not on disk. A part that was merged is still there in the part that covers its range
 * of block numbers: merging changes names, and never loses a range. A merged part that a power failure took is still there
 * in those that it was merged from, which the engine keeps for some minutes.
 */
export function listMissing(recorded: readonly string[], present: readonly string[]): string[] {
  const names = new Set(present);
  const ranges = present.map(toRange).sort((one, other) => one.min - other.min);
  return recorded.filter((name) => !names.has(name) && !isCovered(toRange(name), ranges));
}

type BlockRange = { partition: string; min: number; max: number };

/** Whether ranges, which are in order of `min`, contain every number of `wanted`. */
function isCovered({ partition, min, max }: BlockRange, ranges: readonly BlockRange[]): boolean {
  let next = min;
  for (const range of ranges)
    if (range.partition === partition && range.min <= next) next = Math.max(next, range.max + 1);
  return next > max;
}

function toRange(name: string): BlockRange {
  const [, partition = '', min, max] = NAME.exec(name) ?? [];
  return { partition, min: Number(min), max: Number(max) };
}
