import type { Services } from '../services.ts';
import type { FoundKey } from './directory.ts';
import { liveSecrets } from './key.ts';
import { getStoredKey } from './stored-key.ts';

type FirstUseServices = Pick<Services, 'control' | 'directory' | 'clock' | 'log'>;

/** Notes under way, so that a burst of first requests writes once. */
const underWay = new Map<string, Promise<void>>();

/**
 * Notes that the new secret of a key in rotation was seen, and starts a countdown that waits for it. Undefined, at no
 * cost, for every other request; the promise never rejects: a request is not refused because a note was lost, and the
 * next one writes it.
 */
export function noteFirstUse(
  services: FirstUseServices,
  { key, secret }: FoundKey,
): Promise<void> | undefined {
  if (key.secrets.length === 1 || secret.firstUsedAt !== null) return undefined;
  const [newest, older] = liveSecrets(key, services.clock.now());
  if (!older || newest?.version !== secret.version) return undefined;
  const name = `${key.id} ${secret.version}`;
  const known = underWay.get(name);
  if (known !== undefined) return known;
  const note = storeFirstUse(services, key.id, secret.version)
    .catch((error: unknown) => {
      services.log.warn({ keyId: key.id, err: error }, 'the first use of a new secret was not noted');
    })
    .finally(() => underWay.delete(name));
  underWay.set(name, note);
  return note;
}

async function storeFirstUse(
  { control, directory, clock }: FirstUseServices,
  keyId: string,
  version: number,
): Promise<void> {
  await control.write(async (tx, revision) => {
    const now = clock.now();
    const [newest, older] = liveSecrets(await getStoredKey(tx, keyId), now);
    if (newest?.version !== version || newest.firstUsedAt !== null) return;
    const secrets = tx.updateTable('key_secrets').where('key_id', '=', keyId);
    await secrets.set({ first_used_at: now }).where('version', '=', version).execute();
    if (older?.graceMs != null) {
      const end = Math.min(now + older.graceMs, older.expiresAt ?? Number.POSITIVE_INFINITY);
      const row = secrets.set({ expires_at: end, grace_ms: null });
      await row.where('version', '=', older.version).execute();
    }
    await tx.updateTable('api_keys').set({ revision }).where('id', '=', keyId).execute();
  });
  await directory.refresh();
}
