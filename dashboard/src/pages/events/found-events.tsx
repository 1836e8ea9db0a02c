import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ListX, Radio, RotateCw } from 'lucide-react';
import type { App } from '../../api/answers.ts';
import { OpenEventSheet } from '../../components/open-event-sheet.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { cn } from '../../lib/class-names.ts';
import { formatAmount } from '../../lib/format.ts';
import { sampleEventCommand } from '../../lib/sample-event.ts';
import { EventsTable } from './events-table.tsx';
import type { ActiveFilter } from './filters.ts';
import type { FoundEventsAnswer } from './use-found-events.ts';

type FoundEventsProps = {
  found: FoundEventsAnswer;
  apps: readonly App[];
  app: App | undefined;
  timezone: string;
  hasApps: boolean;
  onRefresh: () => void;
  onFilter: (filter: ActiveFilter) => void;
  /** Undefined if no filter is set. */
  onClear: (() => void) | undefined;
};

/** The events found, or why there are none. */
export function FoundEvents(props: FoundEventsProps) {
  const { found, apps, app, timezone, hasApps, onFilter, onClear } = props;
  const navigate = useNavigate();
  if (!found.isLoaded) {
    if (!found.error) return <SkeletonRows rows={10} />;
    return <ErrorState what="The events could not be loaded" error={found.error} onRetry={found.refetch} />;
  }
  const open = (id: string) =>
    void navigate({ to: '.', search: (previous) => ({ ...previous, open: id }), resetScroll: false });
  return (
    <>
      {found.events.length === 0 ? (
        <NoEvents app={app} onClear={onClear} />
      ) : (
        <div className={cn('transition-opacity', found.isPlaceholderData && 'opacity-60')}>
          <EventsTable
            events={found.events}
            apps={apps}
            timezone={timezone}
            hasApps={hasApps}
            onOpen={(event) => open(event.event_id)}
          />
          <Footer {...props} />
        </div>
      )}
      <OpenEventSheet
        loaded={found.events}
        apps={apps}
        timezone={timezone}
        actions={({ app_user_id, session_id }) => (
          <>
            <Button size="sm" onClick={() => onFilter({ field: 'user', value: app_user_id })}>
              Only this user
            </Button>
            {session_id !== null && (
              <Button size="sm" onClick={() => onFilter({ field: 'session', value: session_id })}>
                Only this session
              </Button>
            )}
          </>
        )}
      />
    </>
  );
}

function Footer({ found, onRefresh }: FoundEventsProps) {
  const { events, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, isFetching } = found;
  return (
    <footer className="flex flex-wrap items-center justify-between gap-3 border-t px-5 py-3">
      <p role="status" className={cn('text-note', isFetchNextPageError ? 'text-bad' : 'text-soft')}>
        {isFetchNextPageError
          ? 'More events could not be loaded. Try again.'
          : hasNextPage
            ? `${formatAmount(events.length, 'event')} loaded`
            : `${formatAmount(events.length, 'event')}, that is all`}
      </p>
      <div className="flex gap-2">
        <Button variant="ghost" size="sm" onClick={onRefresh} disabled={isFetching}>
          <RotateCw aria-hidden />
          Refresh
        </Button>
        {hasNextPage && (
          <Button size="sm" isBusy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Load more
          </Button>
        )}
      </div>
    </footer>
  );
}

function NoEvents({ app, onClear }: Pick<FoundEventsProps, 'app' | 'onClear'>) {
  const { projectId = '' } = useParams({ strict: false });
  if (onClear) {
    return (
      <EmptyState
        icon={ListX}
        title="No event matches"
        actions={
          <Button variant="primary" onClick={onClear}>
            Clear filters
          </Button>
        }
      >
        Filters are exact, capitals included, and all of them must hold.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={Radio}
      title="No events yet"
      {...(app && { command: sampleEventCommand(window.location.origin, app.id) })}
      actions={
        !app && (
          <Button asChild variant="primary">
            <Link to="/p/$projectId/apps" params={{ projectId }}>
              Go to apps
            </Link>
          </Button>
        )
      }
    >
      {app
        ? 'Send the first one, with a key of this project in place of YOUR_API_KEY.'
        : 'Create an app first: events belong to one.'}
    </EmptyState>
  );
}
