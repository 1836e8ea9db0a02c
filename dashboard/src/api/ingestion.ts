import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { IngestionQuery, IngestionSampleQuery } from './answers.ts';
import { call } from './http.ts';
import { projectKey } from './project.ts';

const PAGE_ROWS = 25;

const ingestionKey = (projectId: string) => [...projectKey(projectId), 'ingestion'] as const;

/**
 * What became of the events of a project. Cached by `asked`, what the URL says, not by the times that `toQuery` derives
 * from it when it is loaded.
 */
export const ingestionQuery = (projectId: string, asked: object, toQuery: () => IngestionQuery) =>
  queryOptions({
    queryKey: [...ingestionKey(projectId), asked],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/ingestion', {
        params: { project_id: projectId },
        query: toQuery(),
        signal,
      }),
  });

type IngestionSampleFilter = Pick<IngestionSampleQuery, 'code' | 'key_id' | 'sdk_id'>;

/** The names of stored events that stand for several sent ones. */
export const collisionsQuery = (projectId: string) =>
  queryOptions({
    queryKey: [...ingestionKey(projectId), 'collisions'],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/ingestion/name-collisions', {
        params: { project_id: projectId },
        query: {},
        signal,
      }),
  });

/** The last rejected events, a page at a time, newest first. */
export const samplesQuery = (projectId: string, filter: IngestionSampleFilter) =>
  infiniteQueryOptions({
    queryKey: [...ingestionKey(projectId), 'samples', filter],
    queryFn: ({ signal, pageParam }) =>
      call('GET /app/v1/projects/{project_id}/ingestion/samples', {
        params: { project_id: projectId },
        query: { ...filter, limit: PAGE_ROWS, ...(pageParam !== '' && { cursor: pageParam }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
