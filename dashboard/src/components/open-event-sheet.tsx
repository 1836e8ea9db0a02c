import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import type { EventRecord, Page } from '../api/answers.ts';
import { api } from '../api/http.ts';
import { useProject } from '../api/project.ts';
import { EventSheet } from './event-sheet.tsx';

type OpenEventSheetProps = Omit<ComponentProps<typeof EventSheet>, 'event' | 'onClose'> & {
  /** Events that need not be asked for. */
  atHand: readonly EventRecord[];
};

/** The event that `?open=` names, in full; nothing while it names none. */
export function OpenEventSheet({ atHand, ...rest }: OpenEventSheetProps) {
  const { open } = useSearch({ strict: false });
  const navigate = useNavigate();
  const event = useOneEvent(open, atHand);
  const close = () =>
    void navigate({ to: '.', search: ({ open: _, ...was }) => was, resetScroll: false, replace: true });
  return <EventSheet event={event ?? undefined} onClose={close} {...rest} />;
}

/** Returns the event of this id, null when there is none; an event at hand stays when it is no longer. */
function useOneEvent(eventId: string | undefined, atHand: readonly EventRecord[]) {
  const { project, path } = useProject();
  const { data } = useQuery({
    queryKey: ['projects', project.id, 'events', 'one', eventId],
    queryFn: async ({ signal }) => {
      const query = { event_id: eventId, limit: 1 };
      const { data: events } = await api<Page<EventRecord>>('GET', path('/events'), { query, signal });
      return events[0] ?? null;
    },
    enabled: eventId !== undefined,
    initialData: () => atHand.find(({ event_id }) => event_id === eventId),
    // Events never change.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}
