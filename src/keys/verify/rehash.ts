import type { Control } from '../../control/control.ts';
import { NO_CALLER } from '../../control/control.ts';
import type { Directory, FoundKey } from '../../directory/directory.ts';
import { encodeMac, macOf, type Pepper } from '../../directory/secret.ts';
import { createDeferredQueue } from '../../lib/deferred-queue.ts';
import type { Log } from '../../lib/log.ts';

/** Moves keys from a retired APPFLOW_SECRET to the current one when they are used, without delaying the request. */
export type Rehash = {
  /** Queues a key that was just presented and found under a retired pepper. */
  enqueue: (secret: string, found: FoundKey) => void;
  /** Resolves when what was queued is stored, or has failed and will be retried. */
  flush: () => Promise<void>;
  close: () => Promise<void>;
};

const FLUSH_MS = 1_000;
const QUEUE_MAX = 10_000;

type Move = { keyId: string; version: number; fromMac: string; toMac: string };

/** Creates the queue of keys to move. A key that is not taken because the queue is full is queued by its next request. */
export function createRehash(services: {
  control: Control;
  directory: Directory;
  pepper: Pepper;
  log: Log;
}): Rehash {
  const { control, directory, pepper, log } = services;

  async function store(moves: readonly Move[]): Promise<void> {
    await control.write(NO_CALLER, async ({ tx, revision }) => {
      for (const { keyId, version, fromMac, toMac } of moves) {
        const { numUpdatedRows } = await tx
          .updateTable('key_secrets')
          .set({ mac: encodeMac(toMac), pepper_id: pepper.id })
          .where('key_id', '=', keyId)
          .where('version', '=', version)
          .where('mac', '=', encodeMac(fromMac))
          .executeTakeFirst();
        if (numUpdatedRows === 0n) continue;
        await tx.updateTable('api_keys').set({ revision }).where('id', '=', keyId).execute();
      }
    });
    await directory.refresh();
    log.info({ keys: moves.length }, 'keys moved from a retired APPFLOW_SECRET to the current one');
  }

  const queue = createDeferredQueue<Move>({
    delayMs: FLUSH_MS,
    itemsMax: QUEUE_MAX,
    nameOf: ({ fromMac }) => fromMac,
    write: store,
    onError: (err) => log.error({ err }, 'keys could not be moved to the current APPFLOW_SECRET'),
  });
  return {
    enqueue(secret, { key, secret: { mac, version } }) {
      if (queue.has(mac)) return;
      // Hashed now: the presented key itself is never kept, not even for a second.
      queue.push({ keyId: key.id, version, fromMac: mac, toMac: macOf(secret, pepper) });
    },
    flush: queue.flush,
    close: queue.close,
  };
}
