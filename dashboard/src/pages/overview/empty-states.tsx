import { Link } from '@tanstack/react-router';
import { CalendarSearch, Rocket } from 'lucide-react';
import type { App } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { EmptyState } from '../../components/states.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Code } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { sampleEventCommand } from '../../lib/sample-event.ts';

/** An app that never received an event. */
export function NoEvents({ app }: { app: App }) {
  const { project, can } = useProject();
  const params = { projectId: project.id };
  return (
    <Card>
      <EmptyState
        icon={Rocket}
        title={
          <>
            Send the first event of <bdi>{app.name}</bdi>
          </>
        }
        command={sampleEventCommand(window.location.origin, app.id)}
        actions={
          <>
            {can('keys:read') && (
              <Button asChild variant="primary">
                <Link to="/p/$projectId/settings/api-keys" params={params}>
                  Get an API key
                </Link>
              </Button>
            )}
            <Button asChild>
              <Link to="/p/$projectId/docs" params={params}>
                Open the quick start
              </Link>
            </Button>
          </>
        }
      >
        Replace <Code>YOUR_API_KEY</Code> with a key of this project: a client key (<Code>ck_</Code>) in an
        app, a server key (<Code>sk_</Code>) on a server. The event appears here and on Live within seconds.
      </EmptyState>
    </Card>
  );
}

/** No events in the selected days, although the app has some. */
export function NoEventsInRange({ lastAt, onWiden }: { lastAt: string; onWiden: () => void }) {
  return (
    <Card>
      <EmptyState
        icon={CalendarSearch}
        title="No data in this range"
        actions={
          <Button variant="primary" onClick={onWiden}>
            Show latest events
          </Button>
        }
      >
        This app's latest event was <TimeAgo at={lastAt} />.
      </EmptyState>
    </Card>
  );
}
