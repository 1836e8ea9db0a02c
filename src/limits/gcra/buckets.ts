import type { Bucket } from './debt.ts';
import type { PolicyName } from './limit.ts';

/** The theoretical arrival time of every bucket that is not full. */
export type Buckets = {
  /** Returns a reference for reading and writing a bucket without another lookup. Valid until the next sweep. */
  locate(policy: PolicyName, name: string): BucketRef;
  /** Checks the next `steps` buckets, round-robin, and removes those that are full at `nowUs`. */
  sweep(nowUs: number, steps: number): void;
  count(): number;
  /** Buckets of one policy. */
  countOf(policy: PolicyName): number;
};

/** Where a bucket is, or would be: `row` is undefined while the bucket is full. */
export type BucketRef = { readonly shard: Shard; readonly name: string; readonly row: number | undefined };

/**
 * Maps bucket names to rows, with the rows packed in arrays: one object per bucket would take twice the memory.
 * `times` has `COLUMNS` numbers per row: whole microseconds, ticks, and the unit's microseconds.
 */
type Shard = { rows: Map<string, number>; names: string[]; times: Float64Array; tally: Tally };

/** Number of buckets of a policy, shared by its shards. */
type Tally = { count: number };

type PolicyShards = { shards: (Shard | undefined)[]; tally: Tally };

/** Growing one Map of a million entries blocks the process for over 100 ms; 64 smaller ones block for 1–2 ms each. */
const SHARDS_PER_POLICY = 64;
const ROWS_MIN = 16;
const COLUMNS = 3;

/**
 * Returns an empty bucket store. Buckets are looked up by policy, then name, never by a joined string that could
 * collide.
 */
export function createBuckets(): Buckets {
  const shardsByPolicy = new Map<PolicyName, PolicyShards>();
  const allShards: Shard[] = [];
  const cursor = { shard: 0, row: -1 };

  function getPolicyShards(policy: PolicyName): PolicyShards {
    const known = shardsByPolicy.get(policy);
    if (known !== undefined) return known;
    const created = { shards: [], tally: { count: 0 } };
    shardsByPolicy.set(policy, created);
    return created;
  }

  function getShard({ shards, tally }: PolicyShards, index: number): Shard {
    const known = shards[index];
    if (known !== undefined) return known;
    const shard = { rows: new Map(), names: [], times: new Float64Array(COLUMNS * ROWS_MIN), tally };
    shards[index] = shard;
    allShards.push(shard);
    return shard;
  }

  return {
    locate(policy, name) {
      const shard = getShard(getPolicyShards(policy), chooseShard(name));
      return { shard, name, row: shard.rows.get(name) };
    },
    sweep(nowUs, steps) {
      for (let step = 0; step < steps; step += 1) sweepNext(allShards, cursor, nowUs);
    },
    count: () => allShards.reduce((sum, { names }) => sum + names.length, 0),
    countOf: (policy) => getPolicyShards(policy).tally.count,
  };
}

/** Returns the referenced bucket, or undefined when it is full. */
export function readBucket({ shard, row }: BucketRef): Bucket | undefined {
  return row === undefined ? undefined : readRow(shard, row);
}

/** Writes the referenced bucket. Looks a missing row up again: one request may name the same bucket twice. */
export function writeBucket({ shard, name, row }: BucketRef, bucket: Bucket): void {
  writeRow(shard, row ?? shard.rows.get(name) ?? addRow(shard, name), bucket);
}

/**
 * Names differ at the end: ids created in the same second share their start, and every /64 ends in the same five
 * characters.
 */
const DISTINCT_SUFFIX_CHARS = 12;

const chooseShard = (name: string): number =>
  hashOf(name, name.length - DISTINCT_SUFFIX_CHARS) & (SHARDS_PER_POLICY - 1);

/** Returns a 32-bit FNV-1a hash of a name, optionally starting at the character index `from`. */
export function hashOf(name: string, from = 0): number {
  let hash = 0x811c9dc5;
  for (let index = Math.max(0, from); index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}

function readRow(shard: Shard, row: number): Bucket {
  const at = COLUMNS * row;
  const { times } = shard;
  return { us: times[at] ?? 0, ticks: times[at + 1] ?? 0, unitUs: times[at + 2] ?? 0 };
}

function writeRow(shard: Shard, row: number, bucket: Bucket): void {
  const at = COLUMNS * row;
  shard.times[at] = bucket.us;
  shard.times[at + 1] = bucket.ticks;
  shard.times[at + 2] = bucket.unitUs;
}

function addRow(shard: Shard, name: string): number {
  const row = shard.names.length;
  if (COLUMNS * row === shard.times.length) resizeTimes(shard, 2 * COLUMNS * row);
  shard.names.push(name);
  shard.rows.set(name, row);
  shard.tally.count += 1;
  return row;
}

/** Moves the last row into the gap, so rows stay packed. The sweep goes downwards, so it has already seen that row. */
function removeRow(shard: Shard, row: number): void {
  const lastRow = shard.names.length - 1;
  const name = shard.names[row];
  const lastName = shard.names.pop();
  if (name === undefined || lastName === undefined) return;
  shard.rows.delete(name);
  shard.tally.count -= 1;
  if (row !== lastRow) {
    shard.rows.set(lastName, row);
    shard.names[row] = lastName;
    writeRow(shard, row, readRow(shard, lastRow));
  }
  const isSparse = shard.times.length > COLUMNS * ROWS_MIN && 4 * COLUMNS * lastRow < shard.times.length;
  if (!isSparse) return;
  resizeTimes(shard, shard.times.length / 2);
  // V8 keeps an array's capacity after pop(); only a copy releases it.
  shard.names = shard.names.slice();
}

function resizeTimes(shard: Shard, length: number): void {
  const times = new Float64Array(length);
  times.set(shard.times.subarray(0, Math.min(COLUMNS * shard.names.length, length)));
  shard.times = times;
}

/** Checks one bucket, or moves on to the next shard at the end of this one. */
function sweepNext(shards: readonly Shard[], cursor: { shard: number; row: number }, nowUs: number): void {
  const shard = shards[cursor.shard];
  if (shard === undefined || cursor.row < 0) {
    cursor.shard = cursor.shard + 1 < shards.length ? cursor.shard + 1 : 0;
    cursor.row = (shards[cursor.shard]?.names.length ?? 0) - 1;
    return;
  }
  // Strictly earlier, so that a bucket with a fraction of a microsecond left still counts as owing.
  if ((shard.times[COLUMNS * cursor.row] ?? 0) < nowUs) removeRow(shard, cursor.row);
  cursor.row -= 1;
}
