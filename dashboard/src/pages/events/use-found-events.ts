import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
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
