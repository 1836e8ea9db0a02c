import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import type { Gateway } from './gateway.ts';
import { createIdFilter, type IdFilter } from './id-filter.ts';
import { StorageError } from './storage-error.ts';

/** The id filter over everything stored: loaded in the background, rebuilt when outgrown. */
export type SeenIds = {
  /** `true` for every id until loaded, so answers are exact from the first moment. */
  mayHave(hash: number): boolean;
  /** Call with a whole block's ids before its insert is sent, and with none in flight: no load misses one. */
  add(hashes: number[]): void;
  isLoaded(): boolean;
  /** Resolves when the load under way is done or given up. */
  settled(): Promise<void>;
  stop(): void;
};

const chunkIds = 50_000;
/** Ids added to the filter in one go; keeps the event loop free for others. */
const sliceIds = 10_000;
const retryMs = 1_000;

const chunkSql = `SELECT count() AS ids, base64Encode(arrayStringConcat(groupArray(hash))) AS hashes,
  max((project_id, event_id)) AS last
FROM (
  SELECT toString(project_id) AS project_id, event_id,
    toString(reinterpretAsFixedString(CRC32(concat(project_id, ' ', event_id)))) AS hash
  FROM event_ids
  WHERE project_id > {project_id:String} OR (project_id = {project_id:String} AND event_id > {event_id:String})
  ORDER BY event_ids.project_id, event_ids.event_id LIMIT {limit:UInt64}
)`;

type Chunk = { ids: string; hashes: string; last: [string, string] };

/** Reads how many ids there are, then starts loading and returns. Rejects with StorageError. */
export async function openSeenIds(gateway: Gateway, log: Log, capacityMin = 1_000_000): Promise<SeenIds> {
  const [stored] = await gateway.query<{ ids: string }>('SELECT count() AS ids FROM event_ids');
  let current: IdFilter | undefined;
  let loading: IdFilter | undefined;
  let isStopped = false;
  let load = start(Math.max(capacityMin, 2 * Number(stored?.ids ?? 0)));

  /** Takes ids from its first synchronous step on, so none falls between what it reads and what is added. */
  async function start(capacity: number): Promise<void> {
    const filter = createIdFilter(capacity);
    loading = filter;
    while (!isStopped) {
      try {
        await loadInto(filter);
        current = filter;
        break;
      } catch (error) {
        if (isStopped) break;
        log.warn({ err: error }, 'loading the event ids failed, trying again');
        await setTimeout(retryMs, undefined, { ref: false });
      }
    }
    loading = undefined;
  }

  async function loadInto(filter: IdFilter): Promise<void> {
    let after = ['', ''];
    for (let isLast = false; !isLast; ) {
      if (isStopped) throw new StorageError('busy', 'The event store is closing');
      const params = { project_id: after[0], event_id: after[1], limit: chunkIds };
      const [chunk] = await gateway.query<Chunk>(chunkSql, params);
      if (chunk === undefined) return;
      await addAll(filter, Buffer.from(chunk.hashes, 'base64'));
      after = chunk.last;
      isLast = Number(chunk.ids) < chunkIds;
    }
  }

  return {
    mayHave: (hash) => current?.mayHave(hash) ?? true,
    add(hashes) {
      const isOutgrown = current !== undefined && current.count() > current.capacity;
      if (current !== undefined && isOutgrown && loading === undefined) load = start(2 * current.count());
      for (const hash of hashes) {
        current?.add(hash);
        loading?.add(hash);
      }
    },
    isLoaded: () => current !== undefined,
    settled: () => load,
    stop() {
      isStopped = true;
    },
  };
}

async function addAll(filter: IdFilter, hashes: Buffer): Promise<void> {
  for (let offset = 0; offset < hashes.length; offset += 4) {
    filter.add(hashes.readUInt32LE(offset));
    if ((offset / 4) % sliceIds === sliceIds - 1) await setImmediate();
  }
}
