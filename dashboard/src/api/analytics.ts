import { queryOptions } from '@tanstack/react-query';
import type {
  BreakdownQuery,
  DailyQuery,
  FunnelQuery,
  HourlyQuery,
  LiveQuery,
  RetentionQuery,
  UsersQuery,
} from './answers.ts';
import { call } from './http.ts';
import { projectKey } from './project.ts';

/** The metrics of an app, day by day. */
export const dailyQuery = (projectId: string, query: DailyQuery) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'analytics', 'daily', query],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/analytics/daily', {
        params: { project_id: projectId },
        query,
        signal,
      }),
  });

/** The metrics of an app, hour by hour. */
export const hourlyQuery = (projectId: string, query: HourlyQuery) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'analytics', 'hourly', query],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/analytics/hourly', {
        params: { project_id: projectId },
        query,
        signal,
      }),
  });

/** The unique users of each period. */
export const periodUsersQuery = (projectId: string, query: UsersQuery) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'analytics', 'users', query],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/analytics/users', {
        params: { project_id: projectId },
        query,
        signal,
      }),
  });

/** The largest values of one dimension. */
export const breakdownQuery = (projectId: string, query: BreakdownQuery) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'analytics', 'breakdown', query],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/analytics/breakdown', {
        params: { project_id: projectId },
        query,
        signal,
      }),
  });

/** The metrics of the last minutes. */
export const liveQuery = (projectId: string, query: LiveQuery) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'live', query, 'metrics'],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/analytics/live', {
        params: { project_id: projectId },
        query,
        signal,
      }),
  });

/** How many people of each cohort came back. */
export const retentionQuery = (projectId: string, query: RetentionQuery) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'analytics', 'retention', query],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/analytics/retention', {
        params: { project_id: projectId },
        query,
        signal,
      }),
  });

/** How many people did each step. */
export const funnelQuery = (projectId: string, body: FunnelQuery) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'analytics', 'funnel', body],
    queryFn: ({ signal }) =>
      call('POST /app/v1/projects/{project_id}/analytics/funnel', {
        params: { project_id: projectId },
        body,
        signal,
      }),
  });
