import type { Actor } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { ChangeServices } from '../audit/audit.ts';
import { type ApiKey, liveSecrets } from '../directory/key.ts';
import { getStoredKey } from '../directory/records.ts';
import { endSecret } from './rotate.ts';

/** Ends the former secret of a key at once and returns the key. Throws 409 when it has only one. */
export async function endGrace(
  { control, directory, clock, audit }: ChangeServices,
  { id, projectId }: Pick<ApiKey, 'id' | 'projectId'>,
  actor: Actor,
): Promise<ApiKey> {
  const ended = await control.write(async (tx, revision) => {
    const now = clock.now();
    const [newest, older] = liveSecrets(await getStoredKey(tx, id), now);
    if (!newest || !older) throw new ApiError('no_grace_running');
    await endSecret(tx, id, older.version, now);
    await tx.updateTable('api_keys').set({ revision }).where('id', '=', id).execute();
    const diff = { secrets: [[newest.version, older.version], [newest.version]] } as const;
    await audit.append(tx, { projectId, actor, action: 'api_key.grace_ended', target: id, diff });
    return getStoredKey(tx, id);
  });
  await directory.refresh();
  return directory.findKey(id) ?? ended;
}
