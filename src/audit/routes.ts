import { Type } from 'typebox';
import { EXPORT_FORMATS } from '../api/export.ts';
import { decodeCursor, encodeCursor, LIST_QUERY, limitOf, pageOf } from '../api/list.ts';
import { requireWholeProject } from '../api/permission.ts';
import { defineRoute, type Route } from '../api/route.ts';
import { EXPORT_TYPES, exportAs } from '../api/streamed.ts';
import type { Control } from '../control/open.ts';
import { closedObject } from '../lib/schema.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import { AUDIT_ACTIONS } from './audit.ts';
import { exportAudit } from './export.ts';
import { AUDIT_ENTRY_JSON, type AuditFilter, listAuditRows, toAuditEntryJson } from './list.ts';
import { findNames } from './names.ts';

const ANY_ID = Type.String({ minLength: 1, maxLength: 300 });

/** The query parameters of the audit log: filters, page and format. */
export const AUDIT_QUERY = closedObject({
  ...LIST_QUERY,
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1_000,
      description:
        'next_cursor of the page before. With several filters, a page can have fewer rows, or none, although more follow.',
    }),
  ),
  action: Type.Optional(Type.Enum([...AUDIT_ACTIONS])),
  actor_id: Type.Optional(ANY_ID),
  target: Type.Optional(ANY_ID),
  ip: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 300,
      description: 'The address of the request, exactly as listed.',
    }),
  ),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'At or after this time.' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Before this time.' })),
  format: Type.Optional(
    Type.Enum(['json', ...EXPORT_FORMATS], {
      description: '`ndjson` and `csv` stream every matching entry, regardless of limit and cursor.',
    }),
  ),
});

const auditRoute = defineRoute({
  method: 'GET',
  path: '/v1/audit-log',
  summary: 'List audit log entries, newest first, or export all of them',
  access: 'audit:read',
  limit: 'management',
  query: AUDIT_QUERY,
  stepUp: ({ query }) => query.format !== undefined && query.format !== 'json',
  answer: { status: 200, schema: pageOf(AUDIT_ENTRY_JSON), exports: Object.values(EXPORT_TYPES) },
  async handle(services: { control: Control }, { caller, query }) {
    requireWholeProject(caller, 'This key is restricted to some apps, but the audit log covers all of them.');
    const filter: AuditFilter = {
      projectId: caller.project.id,
      action: query.action,
      actorId: query.actor_id,
      target: query.target,
      ip: query.ip,
      from: query.from === undefined ? undefined : parseTimestamp(query.from),
      to: query.to === undefined ? undefined : parseTimestamp(query.to),
    };
    const before = decodeCursor(query.cursor, isAuditPosition);
    if (query.format !== undefined && query.format !== 'json') {
      const chunks = exportAudit(services.control, filter, query.format);
      return exportAs(EXPORT_TYPES[query.format], chunks, EVERY_APP);
    }
    const { rows, next } = await listAuditRows(services.control, filter, before, limitOf(query));
    // No key may read names of members: `members:read` is above every key's ceiling.
    const isMember = caller.principal.type === 'member';
    const names = isMember ? await findNames(services.control, rows) : undefined;
    const data = rows.map((row) => toAuditEntryJson(row, names));
    return { data, next_cursor: next ? encodeCursor(next) : null };
  },
});

const isAuditPosition = (value: unknown): value is [at: number, seq: number] =>
  Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);

/** The log covers every app, so an export of it ends when its caller is restricted to some of them. */
const EVERY_APP = null;

/** The routes of the audit log. */
export const auditRoutes = [auditRoute] satisfies Route<{ control: Control }>[];
