import { type Control, NO_CALLER, type Write } from '../../control/control.ts';
import type { Directory, FoundKey } from '../../directory/directory.ts';
import { liveSecrets } from '../../directory/key.ts';
import { getStoredKey } from '../../directory/records.ts';
import type { Clock } from '../../lib/clock.ts';
import { createDeferredQueue } from '../../lib/deferred-queue.ts';
import type { Log } from '../../lib/log.ts';

/** Records the first use of the new secret of a key in rotation, without delaying the request. */
export type FirstUse = {
  /** Queues a secret that was just presented. Costs nothing if there is nothing to record. */
  record: (found: FoundKey) => void;
  /** Whether a use of this secret is queued in this process and not stored yet. */
  isPending: (keyId: string, version: number) => boolean;
  /** Resolves when what was queued is stored, or has failed and will be retried. */
  flush: () => Promise<void>;
  close: () => Promise<void>;
};

/** Short, because another process that rotates the key only knows what is stored. */
const FLUSH_MS = 10;
const QUEUE_MAX = 10_000;

type Use = { keyId: string; version: number; usedAt: number };

const nameOf = ({ keyId, version }: Omit<Use, 'usedAt'>) => `${keyId} ${version}`;

/** Creates the queue of first uses. A use that is not taken because the queue is full is recorded by the next request. */
export function createFirstUse(services: {
  control: Control;
  directory: Directory;
  clock: Clock;
  log: Log;
}): FirstUse {
  const { control, directory, clock, log } = services;
  const queue = createDeferredQueue<Use>({
    delayMs: FLUSH_MS,
    itemsMax: QUEUE_MAX,
    nameOf,
    async write(uses) {
      await control.write(NO_CALLER, async (write) => {
        for (const use of uses) await storeFirstUse(write, use);
      });
      await directory.refresh();
    },
    onError: (err) => log.warn({ err }, 'the first use of new secrets was not stored; it is tried again'),
  });
  return {
    record({ key, secret: { version, firstUsedAt } }) {
      if (key.secrets.length === 1 || firstUsedAt !== null) return;
      const usedAt = clock.now();
      const [newest, older] = liveSecrets(key, usedAt);
      if (older && newest?.version === version) queue.push({ keyId: key.id, version, usedAt });
    },
    isPending: (keyId, version) => queue.has(nameOf({ keyId, version })),
    flush: queue.flush,
    close: queue.close,
  };
}

/** Everything counts from the time of the use: a lock that delays the write does not extend the grace period. */
async function storeFirstUse({ tx, revision }: Write, { keyId, version, usedAt }: Use): Promise<void> {
  const [newest, older] = liveSecrets(await getStoredKey(tx, keyId), usedAt);
  if (newest?.version !== version || newest.firstUsedAt !== null) return;
  const secrets = tx.updateTable('key_secrets').where('key_id', '=', keyId);
  await secrets.set({ first_used_at: usedAt }).where('version', '=', version).execute();
  if (older?.graceMs != null) {
    const end = Math.min(usedAt + older.graceMs, older.expiresAt ?? Number.POSITIVE_INFINITY);
    const row = secrets.set({ expires_at: end, grace_ms: null });
    await row.where('version', '=', older.version).execute();
  }
  await tx.updateTable('api_keys').set({ revision }).where('id', '=', keyId).execute();
}
