import { Type } from 'typebox';
import { parseTimestamp } from '../events/timestamp.ts';
import { ApiError } from '../http/errors.ts';
import { decodeCursor, encodeCursor, LIST_QUERY, limitOf, pageOf } from '../http/list.ts';
import { type Caller, closedObject, defineRoute, exportAs, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { AUDIT_ACTIONS } from './audit.ts';
import { EXPORT_FORMATS, exportAudit } from './audit-export.ts';
import { AUDIT_ENTRY_JSON, type AuditFilter, listAuditRows, toAuditEntryJson } from './audit-list.ts';
import { liveSecrets, statusOf } from './key.ts';

const ANY_ID = Type.String({ minLength: 1, maxLength: 300 });

const EXPORT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const;

const auditRoute = defineRoute({
  method: 'GET',
  path: '/v1/audit-log',
  summary: 'List what happened in the project, newest first, or export all of it',
  access: 'audit:read',
  limit: 'management',
  query: closedObject({
    ...LIST_QUERY,
    action: Type.Optional(Type.Enum([...AUDIT_ACTIONS])),
    actor_id: Type.Optional(ANY_ID),
    target: Type.Optional(ANY_ID),
    from: Type.Optional(Type.String({ format: 'date-time', description: 'At or after this time.' })),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Before this time.' })),
    format: Type.Optional(
      Type.Enum(['json', ...EXPORT_FORMATS], {
        description: '`ndjson` and `csv` stream every entry that fits, past limit and cursor.',
      }),
    ),
  }),
  answer: { status: 200, schema: pageOf(AUDIT_ENTRY_JSON), exports: Object.values(EXPORT_TYPES) },
  async handle(services, { caller, query }) {
    requireWholeProject(caller);
    const filter: AuditFilter = {
      projectId: caller.project.id,
      action: query.action,
      actorId: query.actor_id,
      target: query.target,
      from: query.from === undefined ? undefined : parseTimestamp(query.from),
      to: query.to === undefined ? undefined : parseTimestamp(query.to),
    };
    const [before] = decodeCursor(query.cursor, isSeqPosition) ?? [];
    if (query.format !== undefined && query.format !== 'json') {
      const chunks = exportAudit(services.control, filter, query.format);
      return exportAs(EXPORT_TYPES[query.format], chunks, () => mayStillRead(services, caller));
    }
    const limit = limitOf(query);
    const rows = await listAuditRows(services.control, filter, before, limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next_cursor = last && rows.length > limit ? encodeCursor([last.seq]) : null;
    return { data: page.map(toAuditEntryJson), next_cursor };
  },
});

const isSeqPosition = (value: unknown): value is [number] =>
  Array.isArray(value) && value.length === 1 && Number.isSafeInteger(value[0]);

/** The log tells of every app: a key narrowed to some of them would read of the others. */
function requireWholeProject({ key }: Caller): void {
  if (key.appIds === null) return;
  throw new ApiError('app_not_allowed', {
    detail: 'This key is narrowed to some apps; the audit log tells of all of them.',
  });
}

/** Whether the key could still ask for what it is being sent: not revoked, disabled, expired or narrowed since. */
function mayStillRead({ directory, clock }: Services, caller: Caller): boolean {
  const key = directory.findKey(caller.key.id);
  if (!key || key.appIds !== null || !key.granted.has('audit:read')) return false;
  const now = clock.now();
  const isSecretAlive = liveSecrets(key, now).some(({ version }) => version === caller.secret.version);
  return isSecretAlive && ['active', 'expiring'].includes(statusOf(key, now));
}

/** The audit log. */
export const auditRoutes: Route[] = [auditRoute];
