import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query';
import type { AuditExportQuery, AuditQuery } from './answers.ts';
import { call, endpointUrl } from './http.ts';
import { projectKey } from './project.ts';

const PAGE_ROWS = 50;
const ACTIVITY_ROWS = 100;

const auditLogKey = (projectId: string) => [...projectKey(projectId), 'audit-log'] as const;

/**
 * The audit log, a page at a time, newest first. Cached by `asked`, what the URL says, not by the times that `query`
 * derives from it: otherwise each render would be another query.
 */
export const auditLogQuery = (projectId: string, asked: object, query: AuditQuery) =>
  infiniteQueryOptions({
    queryKey: [...auditLogKey(projectId), asked],
    queryFn: ({ signal, pageParam }) =>
      call('GET /app/v1/projects/{project_id}/audit-log', {
        params: { project_id: projectId },
        query: { ...query, limit: PAGE_ROWS, ...(pageParam !== '' && { cursor: pageParam }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });

/** The latest entries about one key, newest first. */
export const keyActivityQuery = (projectId: string, keyId: string) =>
  queryOptions({
    queryKey: [...auditLogKey(projectId), { target: keyId }],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/audit-log', {
        params: { project_id: projectId },
        query: { target: keyId, limit: ACTIVITY_ROWS },
        signal,
      }),
  });

/** Loads the audit log again, wherever it is shown. */
export const refreshAuditLog = (client: QueryClient, projectId: string) =>
  client.invalidateQueries({ queryKey: auditLogKey(projectId) });

/** Returns the URL of an export of the log. The server requires the password within the last ten minutes. */
export const auditExportUrl = (projectId: string, query: AuditExportQuery) =>
  endpointUrl('GET /app/v1/projects/{project_id}/audit-log/export', {
    params: { project_id: projectId },
    query,
  });
