import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodeOf } from '../../lib/errors.ts';
import { type LogPosition, readPosition } from './position.ts';
import { type LogRecord, parseSegment } from './record.ts';

/** A file of the log, and the highest block in it (0 if it has none). */
export type Segment = { file: string; highest: number; bytes: number; isDamaged: boolean };

/** A part of the log that cannot be read, with at least one block that is not known to be in the tables. */
export type LogDamage = {
  file: string;
  /** The byte at which it begins. */
  at: number;
  /** How many events it contained; undefined if unknown. */
  rowCount: number | undefined;
  /** The blocks between these are missing. Block numbers are the microseconds in which they were stored. */
  after: number;
  before: number;
};

/** What the log contains. */
export type LoadedLog = {
  segments: Segment[];
  /** The blocks that may not be in the tables yet, in order. */
  records: LogRecord[];
  /** The number of the highest block; 0 if there is none. */
  highest: number;
  /** The block up to which all are in the tables. */
  insertedUpTo: number;
  damages: LogDamage[];
};

const EXTENSION = '.log';

/** Returns the folder of the log in the event store's. */
export const logFolder = (storeFolder: string): string => join(storeFolder, 'log');

/** Returns the file that says how far the log in `folder` is. */
export const positionFile = (folder: string): string => join(folder, 'position');

/** Returns the file of the segment that begins with a block. Names sort in the order of blocks. */
export const segmentFile = (folder: string, block: number): string =>
  join(folder, `${String(block).padStart(20, '0')}${EXTENSION}`);

type Damage = LogDamage & {
  /** The last block that is missing. */
  last: number;
};
type Loading = { segments: Segment[]; records: LogRecord[]; highest: number; damages: Damage[] };

/** Reads the log in `folder`, and changes nothing. Rejects with the system's error. */
export async function loadLog(folder: string): Promise<LoadedLog> {
  const loading: Loading = { segments: [], records: [], highest: 0, damages: [] };
  for (const name of await listSegments(folder)) await loadSegment(join(folder, name), loading);
  const position = readPosition(positionFile(folder)) ?? { acknowledged: 0, insertedUpTo: 0 };
  const { segments, records, damages, highest } = loading;
  const insertedUpTo = Math.max(records.at(-1)?.insertedUpTo ?? 0, position.insertedUpTo);
  damages.push(...findMissingEnd(loading, position, folder));
  return {
    segments,
    records: records.filter(({ block }) => block > insertedUpTo),
    highest: Math.max(highest, position.acknowledged),
    insertedUpTo,
    damages: damages.filter(({ last }) => last > insertedUpTo).map(({ last: _, ...damage }) => damage),
  };
}

async function listSegments(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(EXTENSION)).sort();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Adds what a segment contains. */
async function loadSegment(file: string, loading: Loading): Promise<void> {
  const bytes = await readFile(file);
  const { records, damaged, tornAt } = parseSegment(bytes);
  const [first] = records;
  const isFirstSegment = loading.segments.length === 0;
  // Each record names the block before it. Without the segments that were deleted, the first one cannot be compared.
  if (first !== undefined && damaged[0]?.from !== 0 && !isFirstSegment && first.previous > loading.highest)
    loading.damages.push({ file, at: 0, rowCount: undefined, ...gapBefore(first, loading.highest) });
  for (const { from, rowCount, next } of damaged) {
    const follower = next === undefined ? undefined : records[next];
    const leader = next === undefined ? records.at(-1) : records[next - 1];
    const after = leader?.block ?? loading.highest;
    // Without a follower its block is unknown: it may be one that was acknowledged.
    const gap = follower ? gapBefore(follower, after) : { after, before: 0, last: Number.POSITIVE_INFINITY };
    loading.damages.push({ file, at: from, rowCount, ...gap });
  }
  const highest = records.at(-1)?.block ?? 0;
  loading.segments.push({ file, highest, bytes: tornAt ?? bytes.length, isDamaged: damaged.length > 0 });
  loading.records.push(...records);
  loading.highest = Math.max(loading.highest, highest);
}

const gapBefore = ({ block, previous }: LogRecord, after: number) => ({
  after,
  before: block,
  last: previous,
});

/** Acknowledged blocks that the end of the log does not contain: a truncated file looks like a write that was interrupted. */
function findMissingEnd(
  { segments, damages, highest }: Loading,
  { acknowledged }: LogPosition,
  folder: string,
): Damage[] {
  if (acknowledged <= highest || damages.some(({ before }) => before === 0)) return [];
  const end = segments.at(-1) ?? { file: folder, bytes: 0 };
  return [
    {
      ...{ file: end.file, at: end.bytes, rowCount: undefined },
      ...{ after: highest, before: 0, last: acknowledged },
    },
  ];
}

/** Makes the names in a folder durable. Rejects with the system's error. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}
