import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { EventRecord, Page } from '../../api/answers.ts';
import { api, type QueryValue } from '../../api/http.ts';
import { useProject } from '../../api/project.ts';

const PAGE_ROWS = 50;

/** Returns the events that the query finds as of `askedAtMs`, newest first, a page at a time. */
export function useFoundEvents(query: Record<string, QueryValue>, askedAtMs: number, isEnabled: boolean) {
  const { project, path } = useProject();
  const { data, ...rest } = useInfiniteQuery({
    queryKey: ['projects', project.id, 'events', 'search', query, askedAtMs],
    queryFn: ({ signal, pageParam }) =>
      api<Page<EventRecord>>('GET', path('/events'), {
        query: { ...query, limit: PAGE_ROWS, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    enabled: isEnabled,
    placeholderData: keepPreviousData,
    // A list that jumps while it is read is worse than one that must be renewed by hand.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return { ...rest, isLoaded: data !== undefined, events: data?.pages.flatMap((page) => page.data) ?? [] };
}

export type FoundEventsAnswer = ReturnType<typeof useFoundEvents>;

/** Returns the event of this id: from those at hand, else from the server; null when there is none. */
export function useOneEvent(
  eventId: string | undefined,
  atHand: readonly EventRecord[],
): EventRecord | null | undefined {
  const { project, path } = useProject();
  const known = atHand.find(({ event_id }) => event_id === eventId);
  const { data } = useQuery({
    queryKey: ['projects', project.id, 'events', 'one', eventId],
    queryFn: async ({ signal }) => {
      const query = { event_id: eventId, limit: 1 };
      const { data: events } = await api<Page<EventRecord>>('GET', path('/events'), { query, signal });
      return events[0] ?? null;
    },
    enabled: eventId !== undefined && known === undefined,
  });
  return eventId === undefined ? undefined : (known ?? data);
}
