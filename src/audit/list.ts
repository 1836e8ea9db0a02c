import type { Selectable } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Control } from '../control/open.ts';
import type { AuditTable } from '../control/schema.ts';
import { closedObject, nullable } from '../lib/schema.ts';

/** The values of a field before and after a change. */
const CHANGE = Type.Array(Type.Unknown(), { minItems: 2, maxItems: 2 });

/** An entry of the audit log as the API returns it. */
export const AUDIT_ENTRY_JSON = closedObject({
  id: Type.String(),
  at: Type.String({ format: 'date-time' }),
  actor: closedObject({ type: Type.String(), id: Type.String() }),
  action: Type.String(),
  target: Type.String(),
  // Not Type.Record: its pattern for names does not match names with a line break.
  diff: Type.Optional(
    Type.Unsafe<Record<string, unknown[]>>(Type.Object({}, { additionalProperties: CHANGE })),
  ),
  ip: nullable(Type.String()),
  request_id: nullable(Type.String()),
});

/** An entry of the audit log as the API returns it. */
export type AuditEntryJson = Static<typeof AUDIT_ENTRY_JSON>;

/** Selects the entries of all projects and of none. For the operator only: a symbol, so no caller can send it. */
export const EVERY_PROJECT = Symbol('every project');

/**
 * Selects entries. Times are epoch milliseconds; `from` is inclusive, `to` exclusive. A null project selects the entries
 * of no project: what concerns the whole installation, including failures with unknown keys.
 */
export type AuditFilter = {
  projectId: string | null | typeof EVERY_PROJECT;
  action?: string | undefined;
  actorId?: string | undefined;
  target?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
};

/** A row of the log. `seq` is its position, which pages are based on. */
export type AuditRow = Selectable<AuditTable>;

/** Returns at most `limit` entries before position `beforeSeq`, newest first; from the newest if it is undefined. */
export async function listAuditRows(
  { db }: Pick<Control, 'db'>,
  { projectId, action, actorId, target, from, to }: AuditFilter,
  beforeSeq: number | undefined,
  limit: number,
): Promise<AuditRow[]> {
  let query = db.selectFrom('audit_log').selectAll();
  // Unlike `=`, IS also matches null.
  if (projectId !== EVERY_PROJECT) query = query.where('project_id', 'is', projectId);
  if (action !== undefined) query = query.where('action', '=', action);
  if (actorId !== undefined) query = query.where('actor_id', '=', actorId);
  if (target !== undefined) query = query.where('target', '=', target);
  if (from !== undefined) query = query.where('at', '>=', from);
  if (to !== undefined) query = query.where('at', '<', to);
  if (beforeSeq !== undefined) query = query.where('seq', '<', beforeSeq);
  return query.orderBy('seq', 'desc').limit(limit).execute();
}

/** Returns a row as the API returns it. */
export function toAuditEntryJson(row: AuditRow): AuditEntryJson {
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    actor: { type: row.actor_type, id: row.actor_id },
    action: row.action,
    target: row.target,
    // `createAudit` wrote it as JSON; this is the one place that reads it.
    ...(row.diff === null ? {} : { diff: JSON.parse(row.diff) as Record<string, unknown[]> }),
    ip: row.ip,
    request_id: row.request_id,
  };
}
