import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo } from 'react';
import { liveQuery } from '../../api/analytics.ts';
import type { App, EventRecord } from '../../api/answers.ts';
import { useCurrentApp } from '../../api/apps.ts';
import { earlierEventsQuery, eventStreamUrl } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';
import { OpenEventSheet } from '../../components/events/open-event-sheet.tsx';
import { NoApp } from '../../components/no-app.tsx';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { sampleEventCommand } from '../../lib/sample-event.ts';
import { EventsPerMinute, LiveTiles, TopEvents } from './live-metrics.tsx';
import { StreamCard } from './stream-card.tsx';
import { listShownEvents } from './stream-rows.ts';
import { throttle } from './throttle.ts';
import { useEventStream } from './use-event-stream.ts';

/** Live: current activity and events as they arrive. */
export function LivePage() {
  const { app, isPending, error, retry } = useCurrentApp();
  return (
    <Page title="Live">
      {app ? (
        <Live key={app.id} app={app} />
      ) : isPending ? (
        <LiveSkeleton />
      ) : error ? (
        <ErrorState what="Couldn't load the apps" error={error} onRetry={retry} />
      ) : (
        <NoApp title="Create your first app">
          Every event belongs to an app. Events appear here as soon as you have one.
        </NoApp>
      )}
    </Page>
  );
}

/** Without events the metrics still change as minutes pass. */
const QUIET_MS = 5_000;
const BUSY_MS = 1_000;

function Live({ app }: { app: App }) {
  const { project, can } = useProject();
  const navigate = useNavigate();
  const open = useCallback(
    ({ event_id }: EventRecord) =>
      void navigate({ to: '.', search: (previous) => ({ ...previous, open: event_id }), resetScroll: false }),
    [navigate],
  );
  const canFollow = can('events:read');
  const refetchMetrics = useThrottledRefetch(project.id, app.id);
  const stream = useEventStream(canFollow ? eventStreamUrl(project.id, app.id) : undefined, refetchMetrics);
  const live = useQuery({
    ...liveQuery(project.id, app.id),
    // Without access to the stream, queries would be refused too: the page stays as it is and says why.
    refetchInterval: stream.connection.state === 'closed' ? false : QUIET_MS,
  });
  const earlier = useQuery({ ...earlierEventsQuery(project.id, app.id), enabled: canFollow });
  return (
    <>
      <QueryState query={live} what="Couldn't load the live metrics" pending={<LiveSkeleton />} hasCard>
        {(answer) => (
          <>
            <LiveTiles answer={answer} />
            <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] items-start gap-5 xl:grid-cols-[minmax(0,1fr)_20rem] xl:grid-rows-[auto_1fr]">
              <EventsPerMinute answer={answer} />
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
          loaded={[...listShownEvents(stream.rows), ...(earlier.data ?? [])]}
          apps={[app]}
          timezone={app.timezone}
          actions={(event) => (
            <Button asChild size="sm">
              <Link
                to="/p/$projectId/events"
                params={{ projectId: project.id }}
                search={{ app: app.id, user: event.app_user_id }}
              >
                View this user's events
              </Link>
            </Button>
          )}
        />
      )}
    </>
  );
}

/** Returns a function that refetches the metrics, at most once per second. */
function useThrottledRefetch(projectId: string, appId: string): () => void {
  const client = useQueryClient();
  const throttled = useMemo(() => {
    const filter = { queryKey: liveQuery(projectId, appId).queryKey };
    return throttle(() => void client.refetchQueries(filter, { cancelRefetch: false }), BUSY_MS);
  }, [client, projectId, appId]);
  useEffect(() => throttled.cancel, [throttled]);
  return throttled.call;
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
