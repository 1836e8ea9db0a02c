import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { EventExportQuery, EventQuery, EventRecord, HistogramQuery } from './answers.ts';
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

/** How many events match in each hour or day. */
export const histogramQuery = (projectId: string, query: HistogramQuery, askedAtMs: number) =>
  queryOptions({
    queryKey: [...eventsKey(projectId), 'histogram', query, askedAtMs],
    queryFn: ({ signal }) =>
      call('GET /app/v1/projects/{project_id}/events/histogram', {
        params: { project_id: projectId },
        query,
        signal,
      }),
  });

const SAMPLE_ROWS = 200;

/** The names of properties in the latest events of these apps and names, most frequent first. */
export const propertyNamesQuery = (projectId: string, query: Pick<EventQuery, 'app_id' | 'event_name'>) =>
  queryOptions({
    queryKey: [...eventsKey(projectId), 'property-names', query],
    queryFn: async ({ signal }): Promise<string[]> => {
      const { data } = await listEvents(projectId, { ...query, limit: SAMPLE_ROWS }, signal);
      const counts = new Map<string, number>();
      for (const name of data.flatMap(({ properties }) => Object.keys(properties)))
        counts.set(name, (counts.get(name) ?? 0) + 1);
      return [...counts].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
    },
    staleTime: 300_000,
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

/** The latest matching events before the stream was opened, newest first. */
export const earlierEventsQuery = (projectId: string, query: EventQuery) =>
  queryOptions({
    queryKey: [...projectKey(projectId), 'live', query, 'earlier'],
    queryFn: async ({ signal }) =>
      (await listEvents(projectId, { ...query, limit: EARLIER_ROWS }, signal)).data,
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

/** Returns the URL of the stream of events. */
export const eventStreamUrl = (projectId: string, query: Pick<EventQuery, 'app_id' | 'event_name'>) =>
  endpointUrl('GET /app/v1/projects/{project_id}/events/stream', {
    params: { project_id: projectId },
    query,
  });
