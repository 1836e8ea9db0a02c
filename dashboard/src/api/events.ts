import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { EventExportQuery, EventQuery, EventRecord } from './answers.ts';
import { call, endpointUrl } from './http.ts';
import { projectKey } from './project.ts';

const PAGE_ROWS = 50;
const EARLIER_ROWS = 25;

const eventsKey = (projectId: string) => [...projectKey(projectId), 'events'] as const;

const listEvents = (projectId: string, query: EventQuery, signal: AbortSignal) =>
  call('GET /app/v1/projects/{project_id}/events', { params: { project_id: projectId }, query, signal });

/** The events that match `query`, newest first, a page at a time. `askedAtMs` is when relative times were resolved. */
export const foundEventsQuery = (projectId: string, query: EventQuery, askedAtMs: number) =>
  infiniteQueryOptions({
    queryKey: [...eventsKey(projectId), 'search', query, askedAtMs],
    queryFn: ({ signal, pageParam }) =>
      listEvents(projectId, { ...query, limit: PAGE_ROWS, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

/** The event with this id; null if there is none. */
export const eventQuery = (projectId: string, eventId: string | undefined) =>
  queryOptions({
    queryKey: [...eventsKey(projectId), 'one', eventId],
    queryFn: async ({ signal }): Promise<EventRecord | null> => {
      const { data } = await listEvents(projectId, { event_id: eventId, limit: 1 }, signal);
      return data[0] ?? null;
    },
    // Events never change.
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The newest event of an app; null if there is none. */
export const newestEventQuery = (projectId: string, appId: string) =>
  queryOptions({
    queryKey: [...eventsKey(projectId), 'newest', appId],
    queryFn: async ({ signal }): Promise<EventRecord | null> => {
      const { data } = await listEvents(projectId, { app_id: appId, limit: 1 }, signal);
      return data[0] ?? null;
    },
  });

/** The latest events of an app before its stream was opened, newest first. */
export const earlierEventsQuery = (projectId: string, appId: string) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'live', appId, 'earlier'],
    queryFn: async ({ signal }) =>
      (await listEvents(projectId, { app_id: appId, limit: EARLIER_ROWS }, signal)).data,
    // What comes later arrives by the stream.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

/** Returns the URL of an export of all events that match. */
export const eventExportUrl = (projectId: string, query: EventExportQuery) =>
  endpointUrl('GET /app/v1/projects/{project_id}/events/export', {
    params: { project_id: projectId },
    query,
  });

/** Returns the URL of the stream of an app's events. */
export const eventStreamUrl = (projectId: string, appId: string) =>
  endpointUrl('GET /app/v1/projects/{project_id}/events/stream', {
    params: { project_id: projectId },
    query: { app_id: appId },
  });
