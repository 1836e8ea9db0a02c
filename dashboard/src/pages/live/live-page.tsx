import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo } from 'react';
import { liveQuery } from '../../api/analytics.ts';
import type { App, EventRecord, LiveQuery } from '../../api/answers.ts';
import { useCurrentApp } from '../../api/apps.ts';
import { earlierEventsQuery, eventStreamUrl } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';
import { OpenEventSheet } from '../../components/events/open-event-sheet.tsx';
import { AnalyticsFilterBar } from '../../components/filters/analytics-filter-bar.tsx';
import { NoApp } from '../../components/no-app.tsx';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { AppSelect } from '../../components/scope/app-select.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { ALL_APPS } from '../../lib/all-apps.ts';
import {
  type AnalyticsFilter,
  FILTER_FIELDS,
  parseFilters,
  passesFilters,
  renderFilters,
  toEventsSearch,
  toFilterQuery,
} from '../../lib/analytics-filters.ts';
import { sampleEventCommand } from '../../lib/sample-event.ts';
import { EventsPerMinute, LiveTiles, TopEvents } from './live-metrics.tsx';
import { StreamCard } from './stream-card.tsx';
import { listShownEvents } from './stream-rows.ts';
import { throttle } from './throttle.ts';
import { useEventStream } from './use-event-stream.ts';

/** The filters that the stream can apply too: what a user's properties are, it does not know. */
const LIVE_FIELDS = FILTER_FIELDS.filter((field) => field !== 'user_property');

/** Live: current activity and events as they arrive, of one app or all of them. */
export function LivePage() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { apps, app: named, isPending, error, retry } = useCurrentApp();
  const isAll = search.apps === ALL_APPS && apps.length > 1;
  const app = isAll ? apps[0] : named;
  const filters = parseFilters(search.filter).filter(({ field }) => field !== 'user_property');
  const chooseApp = (id: string) =>
    void navigate({
      to: '.',
      search: ({ apps: _, ...previous }) =>
        id === ALL_APPS ? { ...previous, apps: id } : { ...previous, app: id },
    });
  const changeFilters = (changed: readonly AnalyticsFilter[]) =>
    void navigate({
      to: '.',
      search: ({ filter: _, ...previous }) => ({
        ...previous,
        ...(changed.length > 0 && { filter: renderFilters(changed) }),
      }),
    });
  const appId = isAll ? ALL_APPS : (app?.id ?? '');
  return (
    <Page
      title="Live"
      docs="/docs/metrics#definitions"
      actions={
        apps.length > 1 && <AppSelect apps={apps} chosen={isAll ? undefined : app} onChoose={chooseApp} />
      }
    >
      {app ? (
        <>
          <AnalyticsFilterBar appId={appId} fields={LIVE_FIELDS} filters={filters} onChange={changeFilters} />
          <Live key={`${appId} ${search.filter}`} app={app} apps={apps} isAll={isAll} filters={filters} />
        </>
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

type LiveProps = {
  /** The app, or the first one of all. */
  app: App;
  apps: readonly App[];
  isAll: boolean;
  filters: readonly AnalyticsFilter[];
};

function Live({ app, apps, isAll, filters }: LiveProps) {
  const { project, can } = useProject();
  const navigate = useNavigate();
  const open = useCallback(
    ({ event_id }: EventRecord) =>
      void navigate({ to: '.', search: (previous) => ({ ...previous, open: event_id }), resetScroll: false }),
    [navigate],
  );
  const canFollow = can('events:read');
  const app_id = isAll ? ALL_APPS : app.id;
  const query = { app_id, ...toFilterQuery(filters) };
  const { event_name } = query;
  const isShown = (event: EventRecord) => passesFilters(event, filters);
  const stream = useEventStream(canFollow ? eventStreamUrl(project.id, { app_id, event_name }) : undefined, {
    onEvents: useThrottledRefetch(project.id, query),
    isShown,
  });
  const live = useQuery({
    ...liveQuery(project.id, query),
    // Without access to the stream, queries would be refused too: the page stays as it is and says why.
    refetchInterval: stream.connection.state === 'closed' ? false : QUIET_MS,
  });
  const earlier = useQuery({
    ...earlierEventsQuery(project.id, { app_id, ...toEventsSearch(filters) }),
    enabled: canFollow,
    // A search takes one value of each field of the context.
    select: (events) => events.filter(isShown),
  });
  const eventsSearch = { ...(isAll ? { apps: ALL_APPS } : { app: app.id }), ...toEventsSearch(filters) };
  return (
    <>
      <QueryState query={live} what="Couldn't load the live metrics" pending={<LiveSkeleton />} hasCard>
        {(answer) => (
          <>
            <LiveTiles answer={answer} />
            <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] items-start gap-5 xl:grid-cols-[minmax(0,1fr)_20rem] xl:grid-rows-[auto_1fr]">
              <EventsPerMinute answer={answer} />
              <div className="xl:sticky xl:top-5 xl:col-start-2 xl:row-span-2 xl:row-start-1">
                <TopEvents
                  answer={answer}
                  nameOf={(name) => (
                    <EventsLink search={{ ...eventsSearch, event_name: [name], range: '1h' }}>
                      {name}
                    </EventsLink>
                  )}
                />
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
          apps={apps}
          timezone={app.timezone}
          actions={(event) => (
            <Button asChild size="sm">
              <Link
                to="/p/$projectId/events"
                params={{ projectId: project.id }}
                search={{ app: event.app_id, user: event.app_user_id }}
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

/** A link to the matching events; plain text for people who may not read them. */
function EventsLink({ search, children }: { search: EventsSearch; children: string }) {
  const { project, can } = useProject();
  if (!can('events:read')) return children;
  return (
    <Link
      to="/p/$projectId/events"
      params={{ projectId: project.id }}
      search={search}
      className="underline-offset-4 hover:underline"
    >
      {children}
    </Link>
  );
}

type EventsSearch = ReturnType<typeof toEventsSearch> & { app?: string; apps?: string; range: string };

/** Returns a function that refetches the metrics, at most once per second. */
function useThrottledRefetch(projectId: string, query: LiveQuery): () => void {
  const client = useQueryClient();
  const key = JSON.stringify(query);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `query`, which is new at each render.
  const throttled = useMemo(() => {
    const filter = { queryKey: liveQuery(projectId, query).queryKey };
    return throttle(() => void client.refetchQueries(filter, { cancelRefetch: false }), BUSY_MS);
  }, [client, projectId, key]);
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
