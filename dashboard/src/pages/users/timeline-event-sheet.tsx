import { Link } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import { useProject } from '../../api/project.ts';
import { OpenEventSheet } from '../../components/events/open-event-sheet.tsx';
import { Button } from '../../components/ui/button.tsx';

type TimelineEventSheetProps = Omit<ComponentProps<typeof OpenEventSheet>, 'actions'>;

/** The event in `?open=`, with a link to the events of its session. */
export function TimelineEventSheet(props: TimelineEventSheetProps) {
  const { project, can } = useProject();
  return (
    <OpenEventSheet
      {...props}
      actions={({ app_id, session_id }) =>
        session_id !== null &&
        can('events:read') && (
          <Button asChild size="sm">
            <Link
              to="/p/$projectId/events"
              params={{ projectId: project.id }}
              search={{ app: app_id, session: session_id }}
            >
              View this session
            </Link>
          </Button>
        )
      }
    />
  );
}
