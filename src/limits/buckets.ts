import type { Tat } from './decide.ts';
import type { PolicyName } from './limit.ts';

/** A bucket's time, and the microseconds a unit took to flow back under the limit it was counted by. */
export type Bucket = Tat & { readonly unitUs: number };

/** The theoretical arrival times of every bucket that is not full. */
export type Buckets = {
  /** Returns a bucket, or undefined when it is full. */
  find(policy: PolicyName, keyId: string): Bucket | undefined;
  put(policy: PolicyName, keyId: string, bucket: Bucket): void;
  /** Looks at the next `visits` buckets, round and round, and forgets those that are full again at `nowUs`. */
  sweep(nowUs: number, visits: number): void;
  count(): number;
};

/**
 * A map from key id to a row, and the rows packed in arrays: an object per bucket would take twice the memory.
 * `times` holds `COLUMNS` numbers a row: whole microseconds, ticks, and the unit's microseconds.
 */
type Shard = { rows: Map<string, number>; keyIds: string[]; times: Float64Array };

/** One Map of a million entries stops the process for over 100 ms when it grows; 64 smaller ones for 1–2 ms each. */
const SHARDS_PER_POLICY = 64;
const ROWS_MIN = 16;
const COLUMNS = 3;

/** Returns an empty store of buckets. A bucket is found by policy, then key id, never by the two joined to one text. */
export function createBuckets(): Buckets {
  const shardsByPolicy = new Map<PolicyName, readonly Shard[]>();
  const allShards: Shard[] = [];
  const cursor = { shard: 0, row: -1 };

  function getShards(policy: PolicyName): readonly Shard[] {
    const known = shardsByPolicy.get(policy);
    if (known !== undefined) return known;
    const shards = Array.from({ length: SHARDS_PER_POLICY }, createShard);
    shardsByPolicy.set(policy, shards);
    allShards.push(...shards);
    return shards;
  }

  return {
    find(policy, keyId) {
      const shard = getShards(policy)[chooseShard(keyId)];
      const row = shard?.rows.get(keyId);
      return shard === undefined || row === undefined ? undefined : readRow(shard, row);
    },
    put(policy, keyId, bucket) {
      const shard = getShards(policy)[chooseShard(keyId)];
      if (shard !== undefined) writeRow(shard, shard.rows.get(keyId) ?? addRow(shard, keyId), bucket);
    },
    sweep(nowUs, visits) {
      for (let visit = 0; visit < visits; visit += 1) visitNext(allShards, cursor, nowUs);
    },
    count() {
      return allShards.reduce((sum, shard) => sum + shard.keyIds.length, 0);
    },
  };
}

function createShard(): Shard {
  return { rows: new Map(), keyIds: [], times: new Float64Array(COLUMNS * ROWS_MIN) };
}

/** FNV-1a over the whole id: ids made in the same second share all but their last characters. */
function chooseShard(keyId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < keyId.length; index += 1) {
    hash = Math.imul(hash ^ keyId.charCodeAt(index), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (SHARDS_PER_POLICY - 1);
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

function addRow(shard: Shard, keyId: string): number {
  const row = shard.keyIds.length;
  if (COLUMNS * row === shard.times.length) resizeTimes(shard, 2 * COLUMNS * row);
  shard.keyIds.push(keyId);
  shard.rows.set(keyId, row);
  return row;
}

/** The last row moves into the gap, so rows stay packed. The sweep walks downwards: it has seen that row already. */
function removeRow(shard: Shard, row: number): void {
  const lastRow = shard.keyIds.length - 1;
  const keyId = shard.keyIds[row];
  const lastKeyId = shard.keyIds.pop();
  if (keyId === undefined || lastKeyId === undefined) return;
  shard.rows.delete(keyId);
  if (row !== lastRow) {
    shard.rows.set(lastKeyId, row);
    shard.keyIds[row] = lastKeyId;
    writeRow(shard, row, readRow(shard, lastRow));
  }
  const isSparse = shard.times.length > COLUMNS * ROWS_MIN && 4 * COLUMNS * lastRow < shard.times.length;
  if (!isSparse) return;
  resizeTimes(shard, shard.times.length / 2);
  // V8 keeps an array's room after pop(); only a copy lets it go.
  shard.keyIds = shard.keyIds.slice();
}

function resizeTimes(shard: Shard, length: number): void {
  const times = new Float64Array(length);
  times.set(shard.times.subarray(0, Math.min(COLUMNS * shard.keyIds.length, length)));
  shard.times = times;
}

/** Looks at one bucket, or steps to the next shard when this one is done. */
function visitNext(shards: readonly Shard[], cursor: { shard: number; row: number }, nowUs: number): void {
  const shard = shards[cursor.shard];
  if (shard === undefined || cursor.row < 0) {
    cursor.shard = cursor.shard + 1 < shards.length ? cursor.shard + 1 : 0;
    cursor.row = (shards[cursor.shard]?.keyIds.length ?? 0) - 1;
    return;
  }
  // Strictly earlier, so that a bucket with a fraction of a microsecond to go still counts as owing.
  if ((shard.times[COLUMNS * cursor.row] ?? 0) < nowUs) removeRow(shard, cursor.row);
  cursor.row -= 1;
}
