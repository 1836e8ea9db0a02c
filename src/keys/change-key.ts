import type { Actor, Requester } from '../api/caller.ts';
import type { Audit, AuditAction, AuditEntry, ChangeServices } from '../audit/audit.ts';
import type { ControlTransaction, Write, WriteOptions } from '../control/control.ts';
import type { ApiKey } from '../directory/key.ts';
import { getStoredKey } from '../directory/records.ts';

/** What identifies a key in writes and in the audit log. */
export type KeyRef = Pick<ApiKey, 'id' | 'projectId'>;

type WriteServices = Pick<ChangeServices, 'control' | 'directory'>;

/**
 * Runs `change` in a write on behalf of `by` and returns the key as it is afterwards. `key` is the key as the write sees
 * it. Once this resolves, every request in this process sees the change.
 */
export async function changeKey(
  services: WriteServices,
  by: Requester,
  keyId: string,
  change: (write: Write, key: ApiKey) => Promise<void>,
  options?: WriteOptions,
): Promise<ApiKey> {
  const store = async (write: Write) => {
    await change(write, await getStoredKey(write.tx, keyId));
    return { key: await getStoredKey(write.tx, keyId) };
  };
  return (await writeKey(services, by, store, options)).key;
}

/**
 * Runs `store` in a write on behalf of `by` and returns its result, with the key as the directory now has it: records
 * from the directory are the ones that memos such as the ETag are kept for.
 */
export async function writeKey<T extends { key: ApiKey }>(
  { control, directory }: WriteServices,
  by: Requester,
  store: (write: Write) => Promise<T>,
  options?: WriteOptions,
): Promise<T> {
  const stored = await control.write(by.recheck, store, options);
  await directory.refresh();
  return { ...stored, key: directory.findKey(stored.key.id) ?? stored.key };
}

/** What happened to a key, and who did it. */
export type KeyEntry = Pick<AuditEntry, 'diff' | 'at'> & { actor: Actor; action: AuditAction };

/** Appends an entry about a key to the audit log of its project. */
export function appendForKey(
  { audit }: { audit: Audit },
  tx: ControlTransaction,
  { id, projectId }: KeyRef,
  entry: KeyEntry,
): Promise<void> {
  return audit.append(tx, { ...entry, projectId, target: id });
}
