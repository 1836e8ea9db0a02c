import { setImmediate } from 'node:timers/promises';
import { type Insertable, sql } from 'kysely';
import type { ControlTransaction } from '../../control/control.ts';
import { type DroppedRows, saveRows } from '../../control/save-rows.ts';
import type { KeyUsageHourTable, KeyUsageTable } from '../../control/schema.ts';
import { type KeyUse, OUTCOMES_PER_CATEGORY, USAGE_CATEGORIES } from './usage-tally.ts';

const ROWS_PER_STATEMENT = 200;

/** The counts of a key in a past hour that are not written yet. */
export type PastHour = { keyId: string; hour: number; counts: Uint32Array };

/** The counts of a secret that a flush adds to its row. */
export type SecretRow = Omit<Insertable<KeyUsageTable>, 'flush'>;
type HourRow = Insertable<KeyUsageHourTable>;

/** The counts that a flush writes. */
export type UnsavedUsage = { hours: PastHour[]; secretRows: SecretRow[] };

/** Adds counts to those in the database. Returns what cannot be stored. */
export async function saveUsageRows(
  tx: ControlTransaction,
  { secretRows, hours }: UnsavedUsage,
  flushId: number,
): Promise<DroppedRows[]> {
  const dropped = [
    await saveRows(tx, secretRows, (some) => saveInParts(some, (part) => saveSecrets(tx, part, flushId))),
    await saveRows(tx, hours.flatMap(hourRowsOf), (some) => saveInParts(some, (part) => saveHours(tx, part))),
  ];
  return dropped.filter((rows) => rows !== undefined);
}

/** Saves many rows per statement and yields to the event loop in between: a flush must not delay requests. */
async function saveInParts<T>(rows: readonly T[], save: (part: T[]) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    if (start > 0) await setImmediate();
    await save(rows.slice(start, start + ROWS_PER_STATEMENT));
  }
}

/** Returns the counts of a key that are not written yet, by secret. */
export function secretRowsOf({ keyId, secrets }: KeyUse): SecretRow[] {
  return secrets
    .filter(({ requestsUnsaved }) => requestsUnsaved > 0)
    .map((secret) => ({
      key_id: keyId,
      version: secret.version,
      last_used_at: secret.lastUsedAt,
      last_used_ip: secret.lastUsedIp,
      last_used_sdk: secret.lastUsedSdk,
      request_count: secret.requestsUnsaved,
      bundle_id_mismatches: secret.mismatchesUnsaved,
    }));
}

/** Returns the counts of an hour as they are stored. */
export function hourRowsOf({ keyId, hour, counts }: PastHour): HourRow[] {
  return USAGE_CATEGORIES.flatMap((category, index) => {
    const start = index * OUTCOMES_PER_CATEGORY;
    const [ok = 0, unauthorized = 0, forbidden = 0, limited = 0] = counts.subarray(
      start,
      start + OUTCOMES_PER_CATEGORY,
    );
    if (ok + unauthorized + forbidden + limited === 0) return [];
    return [{ key_id: keyId, hour, category, ok, unauthorized, forbidden, limited }];
  });
}

/** Each process adds its own counts, and the latest use wins. */
async function saveSecrets(tx: ControlTransaction, rows: SecretRow[], flush: number): Promise<void> {
  await tx
    .insertInto('key_usage')
    .values(rows.map((row) => ({ ...row, flush })))
    .onConflict((conflict) =>
      conflict.columns(['key_id', 'version']).doUpdateSet((eb) => {
        const latest = <T>(column: 'last_used_at' | 'last_used_ip' | 'last_used_sdk') =>
          sql<T>`case when excluded.last_used_at >= key_usage.last_used_at then ${eb.ref(`excluded.${column}`)} else ${eb.ref(`key_usage.${column}`)} end`;
        return {
          last_used_at: latest<number>('last_used_at'),
          last_used_ip: latest<string | null>('last_used_ip'),
          last_used_sdk: latest<string | null>('last_used_sdk'),
          request_count: eb('key_usage.request_count', '+', eb.ref('excluded.request_count')),
          bundle_id_mismatches: eb(
            'key_usage.bundle_id_mismatches',
            '+',
            eb.ref('excluded.bundle_id_mismatches'),
          ),
          flush,
        };
      }),
    )
    .execute();
}

async function saveHours(tx: ControlTransaction, rows: HourRow[]): Promise<void> {
  await tx
    .insertInto('key_usage_hours')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['key_id', 'hour', 'category']).doUpdateSet((eb) => ({
        ok: eb('key_usage_hours.ok', '+', eb.ref('excluded.ok')),
        unauthorized: eb('key_usage_hours.unauthorized', '+', eb.ref('excluded.unauthorized')),
        forbidden: eb('key_usage_hours.forbidden', '+', eb.ref('excluded.forbidden')),
        limited: eb('key_usage_hours.limited', '+', eb.ref('excluded.limited')),
      })),
    )
    .execute();
}
