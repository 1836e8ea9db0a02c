import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import type { EventRecord } from '../api/answers.ts';
import { eventQuery } from '../api/events.ts';
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
  const { project } = useProject();
  const { data } = useQuery({
    ...eventQuery(project.id, eventId),
    enabled: eventId !== undefined,
    initialData: () => atHand.find(({ event_id }) => event_id === eventId),
  });
  return data;
}
