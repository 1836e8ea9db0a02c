import type { Actor } from '../api/caller.ts';
import type { ChangeServices } from '../audit/audit.ts';
import type { ApiKey } from '../directory/key.ts';
import { getStoredKey } from '../directory/records.ts';

/**
 * Records on a client key that someone found it, and returns the key. Nothing else changes: every installed app holds
 * it, so it was never secret. Only the first report is recorded, or a flood of them would fill the audit log. Of other
 * keys it matters which secret was found: `handleLeak`.
 */
export async function reportLeak(
  { control, directory, clock, audit }: ChangeServices,
  { id, projectId, leakReportedAt }: Pick<ApiKey, 'id' | 'projectId' | 'leakReportedAt'>,
  actor: Actor,
): Promise<ApiKey | undefined> {
  if (leakReportedAt !== null) return directory.findKey(id);
  const reported = await control.write(async (tx, revision) => {
    const { numUpdatedRows } = await tx
      .updateTable('api_keys')
      .set({ leak_reported_at: clock.now(), revision })
      .where('id', '=', id)
      .where('leak_reported_at', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) {
      await audit.append(tx, { projectId, actor, action: 'api_key.leak_reported', target: id });
    }
    return getStoredKey(tx, id);
  });
  await directory.refresh();
  return directory.findKey(id) ?? reported;
}
