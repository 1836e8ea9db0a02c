import { setImmediate, setTimeout } from 'node:timers/promises';
import { StorageError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Gateway } from './engine/gateway.ts';
import { createIdFilter, type IdFilter, KEY_SQL } from './id-filter.ts';

/** The id filter over all stored events: loaded in the background, rebuilt when it gets too small. */
export type SeenIds = {
  /** `true` for every id until loaded, so results are exact from the start. */
  mayHave(hash: number): boolean;
  /**
   * Call with ids once they are in `event_ids`: a load that began before has read them or gets them now. Until then, the
   * caller has to know them.
   */
  add(hashes: Iterable<number>): void;
  isLoaded(): boolean;
  /** Resolves when the current load has finished or stopped. */
  settled(): Promise<void>;
  stop(): void;
};

const CHUNK_IDS = 100_000;
/** Ids added to the filter per turn, which keeps the event loop free for other work. */
const SLICE_IDS = 5_000;
const RETRY_MS = 1_000;

/**
 * Hashes of the next ids, four bytes each. `char` always yields four bytes, whereas a FixedString loses its trailing
 * zeros when converted to text. As JSON numbers they took three times as much event-loop time.
 */
const CHUNK_SQL = `SELECT count() AS ids, base64Encode(arrayStringConcat(groupArray(bytes))) AS hashes,
  max(tuple(project_id, event_id, app_id, verified)) AS last
FROM (
  SELECT toString(project_id) AS project_id, event_id, toString(app_id) AS app_id, verified, CRC32(${KEY_SQL}) AS hash,
    char(hash, bitShiftRight(hash, 8), bitShiftRight(hash, 16), bitShiftRight(hash, 24)) AS bytes
  FROM event_ids
  WHERE project_id > {project:String} OR (project_id = {project:String} AND (event_id > {event_id:String}
    OR (event_id = {event_id:String} AND tuple(toString(app_id), verified) > tuple({app_id:String}, {verified:UInt8}))))
  ORDER BY event_ids.project_id, event_ids.event_id, event_ids.app_id, event_ids.verified LIMIT {limit:UInt64}
)`;

type Position = [project: string, eventId: string, appId: string, verified: number];

type Chunk = { ids: string; hashes: string; last: Position };

/**
 * Reads the number of ids, then starts loading and returns. `onFailure` is called with what loading fails with; `listErased`
 * returns the hashes of ids that count as seen although they are deleted. Rejects with StorageError.
 */
export async function openSeenIds(
  gateway: Gateway,
  log: Log,
  onFailure: (error: unknown) => void = () => {},
  capacityMin = 1_000_000,
  listErased: () => Iterable<number> = () => [],
): Promise<SeenIds> {
  const [stored] = await gateway.query<{ ids: string }>('SELECT count() AS ids FROM event_ids');
  let current: IdFilter | undefined;
  let loading: IdFilter | undefined;
  let isStopped = false;
  const report = createReport(log, onFailure);
  let load = start(Math.max(capacityMin, 2 * Number(stored?.ids ?? 0)));

  /**
   * Accepts added ids from its first synchronous step on: what it reads was inserted before, what is not there yet is added later.
   */
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
        report(error);
        await setTimeout(RETRY_MS, undefined, { ref: false });
      }
    }
    loading = undefined;
  }

  async function loadInto(filter: IdFilter): Promise<void> {
    await addSlices(filter, listErased());
    let after: Position = ['', '', '', 0];
    for (let isLast = false; !isLast; ) {
      if (isStopped) throw new StorageError('busy', 'The event store is closing');
      const [project, event_id, app_id, verified] = after;
      const params = { project, event_id, app_id, verified, limit: CHUNK_IDS };
      const [chunk] = await gateway.query<Chunk>(CHUNK_SQL, params);
      if (chunk === undefined) return;
      const hashes = Buffer.from(chunk.hashes, 'base64');
      if (hashes.length !== 4 * Number(chunk.ids))
        throw new Error('The hashes of the event ids are incomplete');
      await addAll(filter, hashes);
      after = chunk.last;
      isLast = Number(chunk.ids) < CHUNK_IDS;
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

/** Logs only the first failure: loading is tried every second, and may fail until a damaged table is derived again. */
function createReport(log: Log, onFailure: (error: unknown) => void): (error: unknown) => void {
  let isLogged = false;
  return (error) => {
    if (!isLogged) log.warn({ err: error }, 'loading the event ids failed, trying again until it succeeds');
    isLogged = true;
    onFailure(error);
  };
}

async function addAll(filter: IdFilter, hashes: Buffer): Promise<void> {
  for (let from = 0; from < hashes.length; from += 4 * SLICE_IDS) {
    const to = Math.min(from + 4 * SLICE_IDS, hashes.length);
    for (let offset = from; offset < to; offset += 4) filter.add(hashes.readUInt32LE(offset));
    await setImmediate();
  }
}

async function addSlices(filter: IdFilter, hashes: Iterable<number>): Promise<void> {
  let count = 0;
  for (const hash of hashes) {
    filter.add(hash);
    count += 1;
    if (count % SLICE_IDS === 0) await setImmediate();
  }
}
