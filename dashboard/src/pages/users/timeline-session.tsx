import type { EventRecord } from '../../api/answers.ts';
import { describeDevice } from '../../components/platform.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { isAutomaticEvent } from '../../lib/automatic-events.ts';
import { formatAmount, formatMoment, formatMoney, formatTimeOfDay } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { describeEvent } from './describe-event.ts';
import { formatDuration, groupSeconds, type TimelineGroup } from './timeline-groups.ts';

type TimelineSessionProps = {
  group: TimelineGroup;
  /** Shown if there are several apps. */
  appName: string | undefined;
  timezone: string;
  /** Whether older events of it may not be loaded yet. */
  isCut: boolean;
  onOpen: (event: EventRecord) => void;
};

/** One session of a timeline, and its events. */
export function TimelineSession({ group, appName, timezone, isCut, onOpen }: TimelineSessionProps) {
  const now = useNow();
  const [newest] = group.events;
  const count = formatAmount(group.events.length, 'event');
  const details = [
    isCut ? `${count} loaded` : count,
    group.sessionId !== null && formatDuration(groupSeconds(group)),
    describeDevice(newest.context),
    appName,
  ];
  return (
    <li className="border-b last:border-0">
      <h3 className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 border-b bg-muted/60 px-5 py-1.5 text-xs">
        <span className="font-medium">{group.sessionId === null ? 'No session' : 'Session'}</span>
        <time dateTime={newest.timestamp} className="text-soft tabular-nums">
          {formatMoment(newest.timestamp, timezone, now)}
        </time>
        <span className="min-w-0 truncate text-soft">{details.filter(Boolean).join(' · ')}</span>
      </h3>
      <ol className="divide-y">
        {group.events.map((event) => (
          <TimelineEvent
            key={`${event.event_id} ${event.received_at}`}
            event={event}
            timezone={timezone}
            onOpen={onOpen}
          />
        ))}
      </ol>
    </li>
  );
}

type TimelineEventProps = Pick<TimelineSessionProps, 'timezone' | 'onOpen'> & { event: EventRecord };

function TimelineEvent({ event, timezone, onOpen }: TimelineEventProps) {
  const { event_name, timestamp, revenue, currency } = event;
  return (
    <li>
      <button
        type="button"
        onClick={() => onOpen(event)}
        className="grid w-full grid-cols-[4.5rem_minmax(0,1fr)] items-baseline gap-x-3 gap-y-0.5 px-5 py-2 text-left text-note transition-colors hover:bg-hover/50 focus-visible:-outline-offset-2 md:grid-cols-[4.5rem_minmax(0,18rem)_minmax(0,1fr)]"
      >
        <time dateTime={timestamp} className="font-mono text-soft text-xs tabular-nums">
          {formatTimeOfDay(timestamp, timezone)}
        </time>
        <span className="flex min-w-0 items-baseline gap-2">
          <span className="truncate font-medium">{event_name}</span>
          {isAutomaticEvent(event_name) && <Badge tone="outline">SDK</Badge>}
          {revenue !== null && (
            <span className="shrink-0 text-good text-xs tabular-nums">
              {formatMoney(revenue, currency ?? 'USD')}
            </span>
          )}
        </span>
        <span className="col-start-2 truncate text-soft text-xs md:col-start-auto">
          {describeEvent(event)}
        </span>
      </button>
    </li>
  );
}
