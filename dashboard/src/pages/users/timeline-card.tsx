import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { App, EventRecord } from '../../api/answers.ts';
import { timelineQuery, type UserRef } from '../../api/users.ts';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { formatAmount } from '../../lib/format.ts';
import { LoadMore } from './load-more.tsx';
import { TimelineEventSheet } from './timeline-event-sheet.tsx';
import { groupBySession } from './timeline-groups.ts';
import { TimelineSession } from './timeline-session.tsx';
import { useLoadAtEnd } from './use-load-at-end.ts';

type TimelineCardProps = { user: UserRef; apps: readonly App[]; timezone: string };

/** What a user did, newest first, in sessions. Older events load as the page is scrolled. */
export function TimelineCard({ user, apps, timezone }: TimelineCardProps) {
  const timeline = useInfiniteQuery({
    ...timelineQuery(user),
    // A list that jumps while being read is worse than one that must be loaded again.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const events = timeline.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Card className="min-w-0 overflow-hidden">
      <CardHeader
        title="Timeline"
        description={`Newest first · times in ${timezone}. Names that start with $ are sent by the SDK and aren't counted in metrics.`}
      />
      {timeline.data !== undefined ? (
        <Sessions timeline={timeline} events={events} apps={apps} timezone={timezone} />
      ) : timeline.error ? (
        <ErrorState what="Couldn't load the timeline" error={timeline.error} onRetry={timeline.refetch} />
      ) : (
        <SkeletonRows rows={8} />
      )}
      <TimelineEventSheet loaded={events} apps={apps} timezone={timezone} />
    </Card>
  );
}

type SessionsProps = Pick<TimelineCardProps, 'apps' | 'timezone'> & {
  timeline: ReturnType<typeof useInfiniteQuery>;
  events: readonly EventRecord[];
};

function Sessions({ timeline, events, apps, timezone }: SessionsProps) {
  const navigate = useNavigate();
  const end = useLoadAtEnd(timeline);
  const open = ({ event_id }: EventRecord) =>
    void navigate({ to: '.', search: (previous) => ({ ...previous, open: event_id }), resetScroll: false });
  const groups = groupBySession(events);
  if (groups.length === 0) {
    return (
      <EmptyState title="No events">
        All events of this user are older than the project keeps them.
      </EmptyState>
    );
  }
  return (
    <>
      <ol aria-label="Sessions, newest first" className="border-t">
        {groups.map((group, index) => (
          <TimelineSession
            key={group.key}
            group={group}
            appName={apps.length > 1 ? apps.find(({ id }) => id === group.appId)?.name : undefined}
            timezone={timezone}
            isCut={timeline.hasNextPage && index === groups.length - 1}
            onOpen={open}
          />
        ))}
      </ol>
      <footer ref={end} className="flex flex-wrap items-center justify-between gap-3 border-t px-5 py-3">
        <LoadMore
          pages={timeline}
          loaded={formatAmount(events.length, 'event')}
          failure="Couldn't load older events. Try again."
        />
      </footer>
    </>
  );
}
