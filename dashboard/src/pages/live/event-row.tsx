import { memo } from 'react';
import type { EventRecord } from '../../api/answers.ts';
import { UserLink } from '../../components/events/user-link.tsx';
import { describeDevice } from '../../components/platform.tsx';
import { RowButton } from '../../components/ui/row-button.tsx';
import { cn } from '../../lib/class-names.ts';
import { formatMoney, formatTimeOfDay } from '../../lib/format.ts';
import { previewProperties } from '../../lib/preview-properties.ts';

type EventRowProps = {
  event: EventRecord;
  timezone: string;
  /** Highlights the row as it arrives. */
  isNew?: boolean;
  onOpen: (event: EventRecord) => void;
};

/** One event of the stream. Its time is when it occurred, which can be long before it arrived. */
export const EventRow = memo(function EventRow({ event, timezone, isNew, onOpen }: EventRowProps) {
  const { app_user_id, event_name, timestamp, context, revenue, currency } = event;
  const about = describeDevice(context);
  return (
    <li className={cn('border-b last:border-0', isNew && 'animate-arrive')}>
      <div className="relative grid w-full grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-4 gap-y-0.5 px-5 py-2 text-left text-note transition-colors hover:bg-hover/50 md:grid-cols-[4.5rem_minmax(0,12rem)_minmax(0,10rem)_minmax(0,1fr)_auto]">
        <time
          dateTime={timestamp}
          className="order-2 text-right font-mono text-soft text-xs tabular-nums md:order-none md:text-left"
        >
          {formatTimeOfDay(timestamp, timezone)}
        </time>
        <span className="flex min-w-0 items-baseline gap-2">
          <RowButton onClick={() => onOpen(event)} className="truncate font-medium">
            {event_name}
          </RowButton>
          {revenue !== null && (
            <span className="shrink-0 text-good text-xs tabular-nums">
              {formatMoney(revenue, currency ?? 'USD')}
            </span>
          )}
        </span>
        <span className="order-3 truncate text-soft md:order-none">
          <UserLink id={app_user_id} appId={event.app_id} className="relative" />
        </span>
        <span className="hidden truncate text-soft text-xs md:block">
          {previewProperties(event.properties)}
        </span>
        <span className="order-4 truncate text-right text-soft text-xs md:order-none">{about}</span>
      </div>
    </li>
  );
});
