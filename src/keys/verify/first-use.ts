import type { Control, ControlTransaction } from '../../control/open.ts';
import { NO_CALLER } from '../../control/open.ts';
import type { Directory, FoundKey } from '../../directory/directory.ts';
import { liveSecrets } from '../../directory/key.ts';
import { getStoredKey } from '../../directory/records.ts';
import type { Clock } from '../../lib/clock.ts';
import { createDeferredQueue } from '../../lib/deferred-queue.ts';
import type { Log } from '../../lib/log.ts';

/** Notes that the new secret of a key in rotation was seen, outside the request's path. */
export type FirstUse = {
  /** Queues a key that was just shown; at no cost when there is nothing to note of it. */
  record: (found: FoundKey) => void;
  /** Whether a use of this secret is known here and not stored yet. */
  isPending: (keyId: string, version: number) => boolean;
  /** Resolves when what was noted is stored, or has failed and will be tried again. */
  flush: () => Promise<void>;
  close: () => Promise<void>;
};

/** Short, because another process that rotates knows only what is stored. */
const FLUSH_MS = 10;
const QUEUE_MAX = 10_000;

type Use = { keyId: string; version: number; seenAt: number };

const nameOf = ({ keyId, version }: Omit<Use, 'seenAt'>) => `${keyId} ${version}`;

/** Returns the noter of this installation. A use that is not noted (a full queue) is noted by the next request. */
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
      await control.write(NO_CALLER, async ({ tx, revision }) => {
        for (const use of uses) await storeFirstUse(tx, revision, use);
      });
      await directory.refresh();
    },
    onError: (err) => log.warn({ err }, 'the first use of new secrets was not stored; it is tried again'),
  });
  return {
    record({ key, secret: { version, firstUsedAt } }) {
      if (key.secrets.length === 1 || firstUsedAt !== null) return;
      const seenAt = clock.now();
      const [newest, older] = liveSecrets(key, seenAt);
      if (older && newest?.version === version) queue.push({ keyId: key.id, version, seenAt });
    },
    isPending: (keyId, version) => queue.has(nameOf({ keyId, version })),
    flush: queue.flush,
    close: queue.close,
  };
}

/** Everything counts from the instant of the use: a lock that held up the writing makes no grace longer. */
async function storeFirstUse(
  tx: ControlTransaction,
  revision: number,
  { keyId, version, seenAt }: Use,
): Promise<void> {
  const [newest, older] = liveSecrets(await getStoredKey(tx, keyId), seenAt);
  if (newest?.version !== version || newest.firstUsedAt !== null) return;
  const secrets = tx.updateTable('key_secrets').where('key_id', '=', keyId);
  await secrets.set({ first_used_at: seenAt }).where('version', '=', version).execute();
  if (older?.graceMs != null) {
    const end = Math.min(seenAt + older.graceMs, older.expiresAt ?? Number.POSITIVE_INFINITY);
    const row = secrets.set({ expires_at: end, grace_ms: null });
    await row.where('version', '=', older.version).execute();
  }
  await tx.updateTable('api_keys').set({ revision }).where('id', '=', keyId).execute();
}
