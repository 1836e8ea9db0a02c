import type { AuditEntry, AuditFilter, AuditQuery } from '../api/audit-log.ts';
import type { ExportFormat, Page } from '../api/list.ts';
import type { Caller, CallOptions } from './call.ts';
import { readPages } from './pagination.ts';
import { openExport } from './read-export.ts';

/** The audit log of the project. */
export type AuditLog = {
  /**
   * Returns a page of the log, newest first.
   * @example
   * ```ts
   * const { data } = await admin.auditLog.list({ action: 'api_key.created', limit: 20 });
   * console.log(data.map(({ at, actor, target }) => `${at} ${actor.id} ${target}`));
   * ```
   */
  list: (query?: AuditQuery, options?: CallOptions) => Promise<Page<AuditEntry>>;
  /**
   * Yields every entry, newest first.
   * @example
   * ```ts
   * for await (const entry of admin.auditLog.all({ from: '2026-01-01T00:00:00Z' })) console.log(entry.action);
   * ```
   */
  all: (query?: AuditQuery, options?: CallOptions) => AsyncGenerator<AuditEntry, void, undefined>;
  /**
   * Streams the log as text, one or more whole lines per chunk: newline-delimited JSON, or CSV. Throws if the export is
   * interrupted, also behind a proxy that hides it; it is not retried.
   * @example
   * ```ts
   * let text = '';
   * for await (const piece of admin.auditLog.export('csv')) text += piece;
   * console.log(text.split('\n').length);
   * ```
   */
  export: (
    format: ExportFormat,
    filter?: AuditFilter,
    options?: CallOptions,
  ) => AsyncGenerator<string, void, undefined>;
};

/** Returns the audit log operations. */
export function createAuditLog({ call, open }: Caller): AuditLog {
  const list: AuditLog['list'] = (query = {}, options) => call('auditLog.list', { query, options });
  return {
    list,
    all: (query = {}, options) => readPages((page) => list(page, options), query),
    export: (format, filter = {}, options) => openExport(open, 'auditLog.export', format, filter, options),
  };
}
