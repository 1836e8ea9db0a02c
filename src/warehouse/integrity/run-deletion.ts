import { bind } from '../engine/bind.ts';
import type { Gateway } from '../engine/gateway.ts';
import { relinkIds } from '../persons/insert-persons.ts';
import {
  type Deletion,
  deletedEvents,
  deriveUsersAgain,
  FORGET_NONE_SQL,
  listDecisions,
  listTableDeletions,
} from './deletion.ts';

/**
 * Deletes events and what is derived from them, physically: the parts that contained them are replaced, and the engine
 * removes the old ones some minutes later. Resolves when nothing of it can be queried. May run again after it was
 * interrupted. Rejects with StorageError.
 */
export async function runDeletion(gateway: Gateway, deletion: Deletion): Promise<void> {
  const decisions = listDecisions(deletion);
  for (const { sql, params } of decisions) await gateway.command(bind(sql, params));
  for (const { table, where } of listTableDeletions(deletion)) {
    // Nothing to do is the usual case of a repeated deletion, and replacing parts is not free.
    const [row] = await gateway.query<{ rows: string }>(
      `SELECT count() AS rows FROM ${table} WHERE ${where.sql}`,
      where.params,
      { timeoutMs: DELETE_MS_MAX },
    );
    if (Number(row?.rows ?? 0) === 0) continue;
    const sql = `ALTER TABLE ${table} DELETE WHERE ${where.sql} SETTINGS mutations_sync = 2`;
    await gateway.command(bind(sql, where.params)).catch((error: unknown) => abandon(gateway, table, error));
  }
  if (decisions.length > 0) await gateway.command(FORGET_NONE_SQL);
  const users = deriveUsersAgain(deletion);
  if (users) await gateway.command(bind(users.sql, users.params));
  const { projectId, person } = deletion;
  if (person) await relinkIds(gateway, { projectId, appId: person.appId }, person.ids);
}

const DELETE_MS_MAX = 600_000;

/** The engine would repeat a failed mutation forever. The deletion is recorded, and runs again as a whole. */
async function abandon(gateway: Gateway, table: string, error: unknown): Promise<never> {
  await gateway
    .command(`KILL MUTATION WHERE database = currentDatabase() AND table = '${table}' AND NOT is_done`)
    .catch(() => {});
  throw error;
}

/** Returns how many events a deletion deletes. Rejects with StorageError. */
export async function countDeleted(gateway: Pick<Gateway, 'query'>, deletion: Deletion): Promise<number> {
  const { sql, params } = deletedEvents(deletion);
  const [row] = await gateway.query<{ events: string }>(
    `SELECT count() AS events FROM events WHERE ${sql}`,
    params,
    { timeoutMs: DELETE_MS_MAX },
  );
  return Number(row?.events ?? 0);
}
