import { setImmediate } from 'node:timers/promises';
import type { Control, ControlTransaction } from '../control/control.ts';
import type { CountedSdkId } from './counted-sdk.ts';
import { SAMPLES_PER_PROJECT, type SampleRow } from './sample-buffer.ts';

/** Which samples to list. */
export type SampleFilter = {
  projectId: string;
  code: string | undefined;
  keyId: string | undefined;
  sdkId: CountedSdkId | undefined;
  /** Only samples of these apps; undefined for all, including those of no known app. */
  appIds: readonly string[] | undefined;
};

/** Whose samples to delete: an app and a person's ID as they were sent; null if unknown. */
export type SampleMatch = (sample: { appId: string | null; appUserId: string | null }) => boolean;

/** Few: a statement holds up requests, and each row has 2 KB. */
const ROWS_PER_STATEMENT = 25;

/** Writes samples, oldest first, and deletes all but the last 1,000 of their project. In parts, like counts. */
export async function saveSamples(tx: ControlTransaction, samples: readonly SampleRow[]): Promise<void> {
  for (const [projectId, rows = []] of Map.groupBy(samples, ({ project_id }) => project_id)) {
    for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
      await tx
        .insertInto('ingestion_samples')
        .values(rows.slice(start, start + ROWS_PER_STATEMENT))
        .execute();
      await setImmediate();
    }
    await deleteOlder(tx, projectId);
  }
}

async function deleteOlder(tx: ControlTransaction, projectId: string): Promise<void> {
  const last = await tx
    .selectFrom('ingestion_samples')
    .select('id')
    .where('project_id', '=', projectId)
    .orderBy('id', 'desc')
    .offset(SAMPLES_PER_PROJECT)
    .limit(1)
    .executeTakeFirst();
  if (!last) return;
  await tx
    .deleteFrom('ingestion_samples')
    .where('project_id', '=', projectId)
    .where('id', '<=', last.id)
    .execute();
}

/** Deletes the samples from before `keptFrom` (epoch milliseconds). */
export async function pruneSamples(db: Control['db'], keptFrom: number): Promise<void> {
  await db.deleteFrom('ingestion_samples').where('at', '<', keptFrom).execute();
}

/** Returns at most `limit` samples before the ID `before`, newest first, those of `unsaved` included. */
export async function listSamples(
  { db }: Pick<Control, 'db'>,
  filter: SampleFilter,
  unsaved: readonly SampleRow[],
  { before, limit }: { before: string | undefined; limit: number },
): Promise<SampleRow[]> {
  const { projectId, code, keyId, sdkId, appIds } = filter;
  let query = db.selectFrom('ingestion_samples').selectAll().where('project_id', '=', projectId);
  if (code !== undefined) query = query.where('code', '=', code);
  if (keyId !== undefined) query = query.where('key_id', '=', keyId);
  if (sdkId !== undefined) query = query.where('sdk_id', '=', sdkId);
  if (appIds !== undefined) query = query.where('app_id', 'in', [...appIds]);
  if (before !== undefined) query = query.where('id', '<', before);
  const stored: SampleRow[] = await query.orderBy('id', 'desc').limit(limit).execute();
  const waiting = unsaved.filter(
    (row) => isIncluded(row, filter) && (before === undefined || row.id < before),
  );
  return [...stored, ...waiting].sort((one, other) => (one.id < other.id ? 1 : -1)).slice(0, limit);
}

function isIncluded(row: SampleRow, { projectId, code, keyId, sdkId, appIds }: SampleFilter): boolean {
  return (
    row.project_id === projectId &&
    (code === undefined || row.code === code) &&
    (keyId === undefined || row.key_id === keyId) &&
    (sdkId === undefined || row.sdk_id === sdkId) &&
    (appIds === undefined || appIds.includes(row.app_id ?? ''))
  );
}

/** Returns how a sample looks to a `SampleMatch`. */
export const toMatched = (row: SampleRow) => ({
  appId: row.app_id ?? null,
  appUserId: row.app_user_id ?? null,
});

/** Deletes the stored samples of a project that match. Returns how many. */
export async function deleteStored(
  { db }: Pick<Control, 'db'>,
  projectId: string,
  matches: SampleMatch,
): Promise<number> {
  // At most the last 1,000, and as many of each other process that has not deleted the older ones yet.
  const rows = await db
    .selectFrom('ingestion_samples')
    .select(['id', 'app_id', 'app_user_id'])
    .where('project_id', '=', projectId)
    .execute();
  const ids = rows
    .filter((row) => matches({ appId: row.app_id, appUserId: row.app_user_id }))
    .map(({ id }) => id);
  for (let start = 0; start < ids.length; start += ROWS_PER_STATEMENT) {
    const part = ids.slice(start, start + ROWS_PER_STATEMENT);
    await db.deleteFrom('ingestion_samples').where('id', 'in', part).execute();
  }
  return ids.length;
}
