import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo } from 'react';
import { liveQuery } from '../../api/analytics.ts';
import type { App, EventRecord } from '../../api/answers.ts';
import { useCurrentApp } from '../../api/apps.ts';
import { earlierEventsQuery, eventStreamUrl } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';
import { OpenEventSheet } from '../../components/open-event-sheet.tsx';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { sampleEventCommand } from '../../lib/sample-event.ts';
import { Minutes, Now, TopEvents } from './live-numbers.tsx';
import { StreamCard } from './stream-card.tsx';
import { eventsIn } from './stream-rows.ts';
import { throttle } from './throttle.ts';
import { useEventStream } from './use-event-stream.ts';

/** What happens right now. */
export function LivePage() {
  const { app, isPending, error, retry } = useCurrentApp();
  const { project } = useProject();
  return (
    <Page title="Live">
      {app ? (
        <Live key={app.id} app={app} />
      ) : isPending ? (
        <LiveSkeleton />
      ) : error ? (
        <ErrorState what="The apps could not be loaded" error={error} onRetry={retry} />
      ) : (
        <Card>
          <EmptyState
            title="Create your first app"
            actions={
              <Button asChild variant="primary">
                <Link to="/p/$projectId/apps" params={{ projectId: project.id }}>
                  Go to apps
                </Link>
              </Button>
            }
          >
            Events belong to an app; as soon as there is one, they show here.
          </EmptyState>
        </Card>
      )}
    </Page>
  );
}

/** Without events the numbers still change: minutes pass. */
const QUIET_MS = 5_000;
const BUSY_MS = 1_000;

function Live({ app }: { app: App }) {
  const { project, can } = useProject();
  const navigate = useNavigate();
  const open = useCallback(
    ({ event_id }: EventRecord) =>
      void navigate({ to: '.', search: (was) => ({ ...was, open: event_id }), resetScroll: false }),
    [navigate],
  );
  const canFollow = can('events:read');
  const renew = useRenewal(project.id, app.id);
  const stream = useEventStream(canFollow ? eventStreamUrl(project.id, app.id) : undefined, renew);
  const live = useQuery({
    ...liveQuery(project.id, app.id),
    // Whoever may not follow any more may not ask either: the page stays as it is and says why.
    refetchInterval: stream.connection.state === 'closed' ? false : QUIET_MS,
  });
  const earlier = useQuery({ ...earlierEventsQuery(project.id, app.id), enabled: canFollow });
  return (
    <>
      <QueryState
        query={live}
        what="The live numbers could not be loaded"
        pending={<LiveSkeleton />}
        isCarded
      >
        {(answer) => (
          <>
            <Now answer={answer} />
            <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] items-start gap-5 xl:grid-cols-[minmax(0,1fr)_20rem] xl:grid-rows-[auto_1fr]">
              <Minutes answer={answer} />
              <div className="xl:sticky xl:top-5 xl:col-start-2 xl:row-span-2 xl:row-start-1">
                <TopEvents answer={answer} />
              </div>
              {canFollow && (
                <StreamCard
                  stream={stream}
                  earlier={earlier}
                  timezone={app.timezone}
                  command={sampleEventCommand(window.location.origin, app.id)}
                  onOpen={open}
                />
              )}
            </div>
          </>
        )}
      </QueryState>
      {canFollow && (
        <OpenEventSheet
          atHand={[...eventsIn(stream.rows), ...(earlier.data ?? [])]}
          apps={[app]}
          timezone={app.timezone}
          actions={(event) => (
            <Button asChild size="sm">
              <Link
                to="/p/$projectId/events"
                params={{ projectId: project.id }}
                search={{ app: app.id, user: event.app_user_id }}
              >
                All events of this user
              </Link>
            </Button>
          )}
        />
      )}
    </>
  );
}

/** Returns what asks for the numbers anew, at most once a second. */
function useRenewal(projectId: string, appId: string): () => void {
  const client = useQueryClient();
  const renewal = useMemo(() => {
    const filter = { queryKey: liveQuery(projectId, appId).queryKey };
    return throttle(() => void client.refetchQueries(filter, { cancelRefetch: false }), BUSY_MS);
  }, [client, projectId, appId]);
  useEffect(() => renewal.cancel, [renewal]);
  return renewal.call;
}

function LiveSkeleton() {
  return (
    <div role="status" aria-label="Loading" className="grid gap-5">
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        {['5m', '30m', 'today', 'revenue'].map((name) => (
          <Skeleton key={name} className="h-22 rounded-xl" />
        ))}
      </div>
      <Skeleton className="h-52 rounded-xl" />
      <Skeleton className="h-96 rounded-xl" />
    </div>
  );
}
