import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { EXPORT_FORMAT_HELP, EXPORT_FORMATS, type ExportOptions, INCLUDE_END } from '../api/export.ts';
import { decodeCursor, encodeCursor, LIST_QUERY, limitOf, pageOf } from '../api/list.ts';
import { isGranted, requireWholeProject } from '../api/permission.ts';
import { defineRoute, type Route } from '../api/route.ts';
import { EXPORT_TYPES, exportAs } from '../api/streamed.ts';
import type { Control } from '../control/control.ts';
import { closedObject, component } from '../lib/schema.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import { AUDIT_ACTIONS } from './audit.ts';
import { exportAudit } from './export.ts';
import { AUDIT_ENTRY_JSON, type AuditFilter, listAuditRows, toAuditEntryJson } from './list.ts';
import { findNames } from './names.ts';

const ID_LENGTH = { minLength: 1, maxLength: 300 };

const FILTERS = {
  action: Type.Optional(Type.Enum([...AUDIT_ACTIONS], { description: 'Only this action.' })),
  actor_id: Type.Optional(
    Type.String({ ...ID_LENGTH, description: 'Only what this key or person did, by ID.' }),
  ),
  target: Type.Optional(Type.String({ ...ID_LENGTH, description: 'Only what happened to this ID.' })),
  ip: Type.Optional(
    Type.String({ ...ID_LENGTH, description: 'Only requests from this IP address, exactly as listed.' }),
  ),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'At or after this time.' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Before this time.' })),
};

/** The query parameters of the audit log: filters and page. */
export const AUDIT_QUERY = closedObject({
  ...LIST_QUERY,
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1_000,
      description:
        'The `next_cursor` of the previous page. With several filters, a page can have fewer rows, or none, although more follow.',
    }),
  ),
  ...FILTERS,
  format: Type.Optional(
    Type.Enum(['json', ...EXPORT_FORMATS], {
      deprecated: true,
      description: 'Deprecated: use `GET /v1/audit-log/export`. `ndjson` and `csv` return the same.',
    }),
  ),
});

/** The query parameters of the export of the audit log. */
export const AUDIT_EXPORT_QUERY = closedObject({
  ...FILTERS,
  format: Type.Optional(Type.Enum([...EXPORT_FORMATS], { description: EXPORT_FORMAT_HELP })),
  include_end: INCLUDE_END,
});

const listRoute = defineRoute({
  method: 'GET',
  path: '/v1/audit-log',
  operationId: 'listAuditLog',
  summary: 'List the audit log',
  description:
    'Returns a page of what happened in the project, newest first: who did what, when and from where. Failed authentications are sampled if there are many.',
  access: 'audit:read',
  limit: 'management',
  query: AUDIT_QUERY,
  stepUp: ({ query }) => query.format !== undefined && query.format !== 'json',
  errors: ['app_not_allowed'],
  answer: { status: 200, schema: component('AuditEntryPage', pageOf(AUDIT_ENTRY_JSON)) },
  async handle(services: { control: Control }, { caller, query }) {
    const filter = toFilter(caller, query);
    const before = decodeCursor(query.cursor, isAuditPosition);
    if (query.format !== undefined && query.format !== 'json') {
      return streamExport(services, filter, { format: query.format, includesEnd: false });
    }
    const { rows, next } = await listAuditRows(services.control, filter, before, limitOf(query));
    // Never for keys: the scope is above the ceiling of every type.
    const seesNames = isGranted(caller.principal, 'members:read');
    const names = seesNames ? await findNames(services.control, rows) : undefined;
    const data = rows.map((row) => toAuditEntryJson(row, names));
    return { data, next_cursor: next ? encodeCursor(next) : null };
  },
});

const exportRoute = defineRoute({
  method: 'GET',
  path: '/v1/audit-log/export',
  operationId: 'exportAuditLog',
  summary: 'Export the audit log',
  description:
    'Streams all entries that match the filters, newest first, as newline-delimited JSON (one `AuditEntry` per line) or as CSV.',
  access: 'audit:read',
  limit: 'management',
  query: AUDIT_EXPORT_QUERY,
  stepUp: true,
  errors: ['app_not_allowed'],
  answer: { status: 200, schema: Type.String(), exports: Object.values(EXPORT_TYPES) },
  example: { query: { format: 'csv', from: '2026-11-01T00:00:00Z' } },
  handle: (services: { control: Control }, { caller, query }) =>
    streamExport(services, toFilter(caller, query), {
      format: query.format ?? 'ndjson',
      includesEnd: query.include_end ?? false,
    }),
});

type FilterQuery = Static<ReturnType<typeof closedObject<typeof FILTERS>>>;

/** Returns the filter of a query. Throws 403 if the caller is restricted to some apps. */
function toFilter(caller: Caller, query: FilterQuery): AuditFilter {
  requireWholeProject(
    caller,
    'This key is restricted to some apps, but the audit log covers all of them. Use a key for all apps.',
  );
  return {
    projectId: caller.project.id,
    action: query.action,
    actorId: query.actor_id,
    target: query.target,
    ip: query.ip,
    from: query.from === undefined ? undefined : parseTimestamp(query.from),
    to: query.to === undefined ? undefined : parseTimestamp(query.to),
  };
}

const streamExport = ({ control }: { control: Control }, filter: AuditFilter, options: ExportOptions) =>
  exportAs(EXPORT_TYPES[options.format], exportAudit(control, filter, options), EVERY_APP);

const isAuditPosition = (value: unknown): value is [at: number, seq: number] =>
  Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);

/** The log covers every app, so an export of it ends when its caller is restricted to some of them. */
const EVERY_APP = null;

/** The routes of the audit log. */
export const auditRoutes = [listRoute, exportRoute] satisfies Route<{ control: Control }>[];
