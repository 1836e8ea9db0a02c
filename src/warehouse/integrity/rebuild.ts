import type { Gateway } from '../engine/gateway.ts';
import { DERIVE_IDS_SQL, DERIVE_USERS_SQL } from './derive-sql.ts';

/**
 * Derives all ids from the events again, and replaces `event_ids` in one step. `beforeReplacing` gets the number of events
 * that could be read. Reads and writes as a stream, so it needs little memory; a crash leaves the old table.
 */
export async function rebuildIds(
  gateway: Gateway,
  beforeReplacing: (events: number) => Promise<void>,
): Promise<void> {
  await dropUnfinishedRebuild(gateway);
  await gateway.command('CREATE TABLE event_ids_rebuilt AS event_ids');
  await gateway.command(DERIVE_IDS_SQL.replace('event_ids', 'event_ids_rebuilt'));
  const [row] = await gateway.query<{ events: string }>('SELECT count() AS events FROM event_ids_rebuilt');
  await beforeReplacing(Number(row?.events ?? 0));
  await gateway.command('EXCHANGE TABLES event_ids AND event_ids_rebuilt');
  await dropUnfinishedRebuild(gateway);
}

/** Drops what a crash or a failure during `rebuildIds` left behind. */
export async function dropUnfinishedRebuild(gateway: Gateway): Promise<void> {
  await gateway.command('DROP TABLE IF EXISTS event_ids_rebuilt SYNC');
}

/** Derives all users from the events again. What is there already stays: deriving a user twice changes nothing. */
export async function rebuildUsers(gateway: Gateway): Promise<void> {
  await gateway.command(DERIVE_USERS_SQL);
}
