import type { Clock } from '../lib/clock.ts';
import { DAY_MS } from '../lib/durations.ts';
import type { Gateway } from './engine/gateway.ts';
import { type EventIdentity, eventKey, hashKey } from './id-filter.ts';
import type { SeenIds } from './seen-ids.ts';

/** What IDs of deleted events are stored with: a MAC proves an ID that is sent again, and reveals none. */
export type IdKey = {
  /** Returns a MAC of a text. */
  macOf(text: string): string;
  /** Encrypts bytes, as text. */
  seal(bytes: Uint8Array): string;
  /** Returns what `seal` encrypted; undefined if it was damaged or encrypted with another key. */
  unseal(sealed: string): Buffer | undefined;
};

/** The IDs of deleted events, which count as seen for another 30 days: an event that is sent again is a duplicate. */
export type ErasedIds = {
  /** Remembers IDs. They are on disk when the promise resolves. Call it before they are deleted. */
  add(gateway: Gateway, ids: readonly EventIdentity[]): Promise<void>;
  /** Returns the keys (see `eventKey`) of the given IDs that are remembered. */
  find(gateway: Pick<Gateway, 'query'>, ids: readonly EventIdentity[]): Promise<Set<string>>;
  /** The hashes (see `hashKey`) of all IDs that are remembered, for the filter of seen IDs. */
  hashes(): Iterable<number>;
  /** Adds IDs to this filter, too, from now on. */
  attach(seenIds: Pick<SeenIds, 'add'>): void;
  /** Deletes what is no longer remembered. */
  prune(gateway: Gateway): Promise<void>;
};

/** How long the ID of a deleted event counts as seen. */
export const ERASED_ID_MS = 30 * DAY_MS;

const INSERT_SQL = 'INSERT INTO erased_ids (mac, hashes, erased_at) FORMAT JSONCompactEachRow\n';
const HASH_BYTES = 4;

/** Reads what is remembered. Without a key nothing is, and none is found. Rejects with StorageError. */
export async function openErasedIds(
  gateway: Pick<Gateway, 'query'>,
  key: IdKey | undefined,
  clock: Clock,
): Promise<ErasedIds> {
  const batches: { erasedAt: number; hashes: Uint32Array }[] = [];
  let filter: Pick<SeenIds, 'add'> | undefined;
  const isCurrent = (erasedAt: number) => erasedAt > clock.now() - ERASED_ID_MS;
  if (key) {
    for (const { sealed, erased_at } of await readBatches(gateway)) {
      const erasedAt = Number(erased_at);
      const bytes = isCurrent(erasedAt) ? key.unseal(sealed) : undefined;
      // Without its hashes, a batch is only there to be deleted: it is old, or its key was lost when the secret was reset.
      batches.push({ erasedAt, hashes: bytes ? readHashes(bytes) : new Uint32Array() });
    }
  }
  return {
    async add(writing, ids) {
      if (!key || ids.length === 0) return;
      const keys = ids.map(eventKey);
      const batch = { erasedAt: clock.now(), hashes: Uint32Array.from(keys, hashKey) };
      const lines = keys.map((text) => JSON.stringify([key.macOf(text), '', batch.erasedAt]));
      lines.push(JSON.stringify(['', key.seal(writeHashes(batch.hashes)), batch.erasedAt]));
      await writing.command(INSERT_SQL + lines.join('\n'));
      batches.push(batch);
      filter?.add(batch.hashes);
    },
    async find(reading, ids) {
      if (!key || batches.length === 0) return new Set();
      const keyOf = new Map(ids.map(eventKey).map((text) => [key.macOf(text), text]));
      const rows = await reading.query<{ mac: string }>(
        `SELECT mac FROM erased_ids WHERE mac IN {macs:Array(String)}
        AND erased_at > fromUnixTimestamp64Milli({after:Int64})`,
        { macs: [...keyOf.keys()], after: clock.now() - ERASED_ID_MS },
      );
      return new Set(rows.flatMap(({ mac }) => keyOf.get(mac) ?? []));
    },
    *hashes() {
      // A copy: reading them takes several turns.
      for (const { erasedAt, hashes } of [...batches]) if (isCurrent(erasedAt)) yield* hashes;
    },
    attach(seenIds) {
      filter = seenIds;
    },
    async prune(writing) {
      const old = batches.findIndex(({ erasedAt }) => isCurrent(erasedAt));
      const count = old === -1 ? batches.length : old;
      if (count === 0) return;
      const before = clock.now() - ERASED_ID_MS;
      await writing.command(
        `ALTER TABLE erased_ids DELETE WHERE erased_at <= fromUnixTimestamp64Milli(${before}) SETTINGS mutations_sync = 2`,
      );
      batches.splice(0, count);
    },
  };
}

async function readBatches(
  gateway: Pick<Gateway, 'query'>,
): Promise<{ sealed: string; erased_at: string }[]> {
  return await gateway.query(
    `SELECT hashes AS sealed, toUnixTimestamp64Milli(erased_at) AS erased_at FROM erased_ids
    WHERE mac = '' ORDER BY erased_ids.erased_at`,
  );
}

function writeHashes(hashes: Uint32Array): Buffer {
  const bytes = Buffer.alloc(HASH_BYTES * hashes.length);
  for (const [index, hash] of hashes.entries()) bytes.writeUInt32LE(hash, HASH_BYTES * index);
  return bytes;
}

function readHashes(bytes: Buffer): Uint32Array {
  return Uint32Array.from({ length: bytes.length / HASH_BYTES }, (_, index) =>
    bytes.readUInt32LE(HASH_BYTES * index),
  );
}
