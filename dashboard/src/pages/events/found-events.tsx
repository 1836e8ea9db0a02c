import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ListX, Radio, RotateCw } from 'lucide-react';
import type { App } from '../../api/answers.ts';
import { OpenEventSheet } from '../../components/events/open-event-sheet.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { cn } from '../../lib/class-names.ts';
import { formatAmount } from '../../lib/format.ts';
import { sampleEventCommand } from '../../lib/sample-event.ts';
import { useIsNarrow } from '../../lib/use-is-narrow.ts';
import { EventCards } from './event-cards.tsx';
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
  const Events = useIsNarrow() ? EventCards : EventsTable;
  if (!found.isLoaded) {
    if (!found.error) return <SkeletonRows rows={10} />;
    return <ErrorState what="Couldn't load the events" error={found.error} onRetry={found.refetch} />;
  }
  const open = (id: string) =>
    void navigate({ to: '.', search: (previous) => ({ ...previous, open: id }), resetScroll: false });
  return (
    <>
      {found.events.length === 0 ? (
        <NoEvents app={app} onClear={onClear} />
      ) : (
        <div className={cn('transition-opacity', found.isPlaceholderData && 'opacity-60')}>
          <Events
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
              View this user's events
            </Button>
            {session_id !== null && (
              <Button size="sm" onClick={() => onFilter({ field: 'session', value: session_id })}>
                View this session
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
          ? "Couldn't load more events. Try again."
          : hasNextPage
            ? `${formatAmount(events.length, 'event')} loaded`
            : formatAmount(events.length, 'event')}
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
        title="No events match your filters"
        actions={
          <Button variant="primary" onClick={onClear}>
            Clear filters
          </Button>
        }
      >
        Filters are case-sensitive and must all match exactly.
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
        ? 'Send the first one. Replace YOUR_API_KEY with a key of this project.'
        : 'Every event belongs to an app. Create one first.'}
    </EmptyState>
  );
}
