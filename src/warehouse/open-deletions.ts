import type { Clock } from '../lib/clock.ts';
import type { Turns } from '../lib/turns.ts';
import type { Gateway } from './engine/gateway.ts';
import { ERASED_ID_MS, type ErasedIds } from './erased-ids.ts';
import { timeSql } from './event-sql.ts';
import type { EventIdentity } from './id-filter.ts';
import { type Deletion, deletedEvents } from './integrity/deletion.ts';
import type { Integrity } from './integrity/integrity.ts';
import { findHighest, type Pause, rebuildInUse } from './integrity/rebuild-in-use.ts';
import { runDeletion } from './integrity/run-deletion.ts';
import type { OfProject } from './persons/read-person-events.ts';
import { type RebuildProgress, rebuildAll } from './rebuild-all.ts';

/** Deletes events while the store is in use. */
export type Deletions = {
  /**
   * Deletes events and what is derived from them; rollups and the derived persons are up to the caller. Their IDs count as
   * seen for another 30 days. Nothing that is stored meanwhile may match, apart from what may be deleted later. Rejects
   * with StorageError; then some of it may be deleted, and the rest is at the next call or start.
   */
  deleteEvents(deletion: Deletion): Promise<void>;
  /** Forgets IDs of events that were deleted more than 30 days ago. */
  forgetIds(): Promise<void>;
  /** Derives everything that is derived from the events again: see `rebuildAll`. */
  rebuild(onProgress: (progress: RebuildProgress) => void, of?: OfProject): Promise<number>;
  /** Waits for the deletion that is running. */
  stop(): Promise<void>;
};

export type DeletionsOptions = {
  /** Opens a gateway of its own, so that neither queries nor the writer wait. */
  open: () => Promise<Gateway>;
  integrity: Pick<Integrity, 'expectDeletion' | 'redefine' | 'removeRows' | 'noteLostRows'>;
  erasedIds: ErasedIds;
  /** Runs work while no block is being stored. */
  pause: Pause;
  /** Shared with what derives tables again: both must not run at the same time. */
  turns: Turns;
  clock: Clock;
};

/** IDs that are remembered together. */
const STEP_IDS = 20_000;

/** Returns what deletes events, one deletion after another. */
export function createDeletions(options: DeletionsOptions): Deletions {
  const inTurn = <T>(work: (gateway: Gateway) => Promise<T>) =>
    options.turns.run(async () => {
      const gateway = await options.open();
      return await work(gateway).finally(() => gateway.close());
    });

  return {
    deleteEvents: (deletion) =>
      inTurn(async (gateway) => {
        // Empties the log: what it holds would be inserted again after a crash.
        await options.pause(async () => {});
        await rememberIds(gateway, deletion, options);
        await options.integrity.expectDeletion(gateway, deletion, () => runAgain(options, deletion));
        await requireSameIds(gateway, options);
      }),
    forgetIds: () =>
      inTurn((gateway) =>
        options.integrity.removeRows(gateway, 'erased_ids', () => options.erasedIds.prune(gateway)),
      ),
    rebuild: (onProgress, of) => inTurn((gateway) => rebuildAll(gateway, options, onProgress, of)),
    stop: () => options.turns.idle(),
  };
}

/** With a gateway of its own: an attempt after a failure runs when the first one is closed. */
async function runAgain({ open }: DeletionsOptions, deletion: Deletion): Promise<void> {
  const gateway = await open();
  await runDeletion(gateway, deletion).finally(() => gateway.close());
}

/** An ID counts once for 30 days from its first receipt: those of older events need not be remembered. */
async function rememberIds(
  gateway: Gateway,
  deletion: Deletion,
  { erasedIds, clock }: Pick<DeletionsOptions, 'erasedIds' | 'clock'>,
): Promise<void> {
  const { sql, params } = deletedEvents(deletion);
  const isRecent = deletion.person ? '' : ` AND received_at > ${timeSql('recent')}`;
  let after = ['', '', 0] as [string, string, number];
  for (;;) {
    const [app, id, verified] = after;
    const rows = await gateway.query<EventIdentity>(
      `SELECT project_id, app_id, event_id, verified FROM events WHERE ${sql}${isRecent}
      AND (toString(app_id), event_id, verified) > ({after_app:String}, {after_id:String}, {after_verified:UInt8})
      ORDER BY toString(app_id), event_id, verified LIMIT ${STEP_IDS}`,
      {
        ...params,
        recent: clock.now() - ERASED_ID_MS,
        after_app: app,
        after_id: id,
        after_verified: verified,
      },
      { timeoutMs: 600_000 },
    );
    await erasedIds.add(gateway, rows);
    const last = rows.at(-1);
    if (last === undefined || rows.length < STEP_IDS) return;
    after = [last.app_id, last.event_id, last.verified];
  }
}

/**
 * What the writer derived again meanwhile, after a failure, may contain IDs of events that are deleted now. Rejects with
 * StorageError while events cannot be inserted.
 */
async function requireSameIds(gateway: Gateway, options: DeletionsOptions): Promise<void> {
  let block = 0;
  await options.pause(async () => {
    block = await findHighest(gateway);
  });
  const [row] = await gateway.query<{ events: string; ids: string }>(
    `SELECT (SELECT count() FROM events WHERE block <= {block:UInt64}) AS events,
      (SELECT count() FROM event_ids WHERE block <= {block:UInt64}) AS ids`,
    { block },
  );
  if (row?.events !== row?.ids) await rebuildInUse(gateway, 'event_ids', options);
}
