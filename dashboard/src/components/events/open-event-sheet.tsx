import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import type { EventRecord } from '../../api/answers.ts';
import { eventQuery } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';
import { EventSheet } from './event-sheet.tsx';

type OpenEventSheetProps = Omit<ComponentProps<typeof EventSheet>, 'event' | 'onClose'> & {
  /** Events that are loaded already. */
  loaded: readonly EventRecord[];
};

/** The event in `?open=`; nothing without one. */
export function OpenEventSheet({ loaded, ...rest }: OpenEventSheetProps) {
  const { open } = useSearch({ strict: false });
  const navigate = useNavigate();
  const event = useEvent(open, loaded);
  const close = () =>
    void navigate({
      to: '.',
      search: ({ open: _, ...previous }) => previous,
      resetScroll: false,
      replace: true,
    });
  return <EventSheet event={event ?? undefined} onClose={close} {...rest} />;
}

/** Returns the event with this id, null if there is none. An event from `loaded` stays even if it leaves that list. */
function useEvent(eventId: string | undefined, loaded: readonly EventRecord[]) {
  const { project } = useProject();
  const { data } = useQuery({
    ...eventQuery(project.id, eventId),
    enabled: eventId !== undefined,
    initialData: () => loaded.find(({ event_id }) => event_id === eventId),
  });
  return data;
}
