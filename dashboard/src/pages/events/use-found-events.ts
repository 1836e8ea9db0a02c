import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { EventQuery } from '../../api/answers.ts';
import { foundEventsQuery } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';

/** Returns the events that match as of `askedAtMs`, newest first, a page at a time. */
export function useFoundEvents(query: EventQuery, askedAtMs: number, isEnabled: boolean) {
  const { project } = useProject();
  const { data, ...rest } = useInfiniteQuery({
    ...foundEventsQuery(project.id, query, askedAtMs),
    enabled: isEnabled,
    placeholderData: keepPreviousData,
    // A list that jumps while being read is worse than one that must be refreshed by hand.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return { ...rest, isLoaded: data !== undefined, events: data?.pages.flatMap((page) => page.data) ?? [] };
}

export type FoundEventsAnswer = ReturnType<typeof useFoundEvents>;
