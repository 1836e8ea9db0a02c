import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createBlockStore } from './block-store.ts';
import type { OnProgress } from './derive.ts';
import { deriveAtStart } from './derive-at-start.ts';
import type { Gateway } from './engine/gateway.ts';
import type { Watch } from './engine/renewed-connection.ts';
import type { StoreEngine } from './engine/store-engine.ts';
import type { ErasedIds } from './erased-ids.ts';
import { rethrowDamage } from './integrity/damage-error.ts';
import type { Integrity } from './integrity/integrity.ts';
import { recordLogDamage } from './integrity/log-damage.ts';
import { type EventLog, openEventLog } from './log/event-log.ts';
import { loadLog, logFolder } from './log/segments.ts';
import { type LoggedBlock, toLoggedBlock } from './logged-block.ts';
import type { OnConflict } from './persons/insert-persons.ts';
import { openSeenIds } from './seen-ids.ts';
import { noLog } from './server-store.ts';
import { type OnStored, openWriter, type Writer } from './writer.ts';

/** What the writer of a store is made of. */
export type WriterParts = {
  path: string;
  engine: Pick<StoreEngine, 'withRows' | 'requireWritable' | 'isServer'>;
  watch: Watch;
  writing: Gateway;
  reading: Gateway;
  erasedIds: ErasedIds;
  integrity: Integrity;
  noteFailure: (error: unknown) => void;
  onStored: OnStored;
  onConflict: OnConflict | undefined;
  isOverdue: () => boolean;
  clock: Clock;
  log: Log;
};

/** Inserts what the log holds and the tables lack, and returns the writer. Rejects with StorageError. */
export async function openStoreWriter({
  path,
  engine,
  writing,
  reading,
  erasedIds,
  integrity,
  noteFailure,
  onConflict,
  ...rest
}: WriterParts): Promise<Writer> {
  const { log, clock } = rest;
  const onProgress: OnProgress = (done, total) => log.info({ done, total }, 'event ids derived');
  // Not before the engine has locked the folder: a log of another process is not ours.
  const { eventLog, logged } = engine.isServer
    ? { eventLog: noLog(), logged: [] }
    : await openKeptLog(path, clock);
  if (logged.length > 0) log.info({ blocks: logged.length }, 'events from the log are inserted');
  return await openWriter({
    store: createBlockStore(writing, {
      withRows: engine.withRows,
      onFailure: noteFailure,
      onConflict,
      findErased: (ids) => erasedIds.find(writing, ids),
    }),
    eventLog,
    requireWritable: engine.requireWritable,
    logged,
    repairAtStart: () => deriveAtStart(writing, integrity, onProgress, logged[0]?.block),
    onFailure: noteFailure,
    openSeenIds: async () => {
      await integrity.check(writing);
      const seenIds = await openSeenIds(reading, log, noteFailure, undefined, erasedIds.hashes);
      erasedIds.attach(seenIds);
      return seenIds;
    },
    ...rest,
  }).catch(rethrowDamage);
}

async function openKeptLog(
  path: string,
  clock: Clock,
): Promise<{ eventLog: EventLog; logged: LoggedBlock[] }> {
  const loaded = await loadLog(logFolder(path));
  await recordLogDamage(path, loaded.damages, clock);
  return { eventLog: openEventLog(logFolder(path), loaded), logged: loaded.records.map(toLoggedBlock) };
}
