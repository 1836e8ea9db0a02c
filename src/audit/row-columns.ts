import type { Selectable } from 'kysely';
import type { AuditTable } from '../control/schema.ts';

/** Returns what an entry consists of, without its HMAC, in the order in which it is signed. */
export function columnsOf(row: Omit<Selectable<AuditTable>, 'mac'>): unknown[] {
  const columns = [
    row.seq,
    row.id,
    row.at,
    row.project_id,
    row.actor_type,
    row.actor_id,
    row.action,
    row.target,
  ];
  return [...columns, row.diff, row.ip, row.request_id, row.pepper_id];
}
