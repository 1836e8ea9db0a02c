import type { App, EventRecord } from '../../api/answers.ts';
import { UserLink } from '../../components/events/user-link.tsx';
import { describeDevice } from '../../components/platform.tsx';
import { RowButton } from '../../components/ui/row-button.tsx';
import { formatMoment, formatMoney } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { previewProperties } from '../../lib/preview-properties.ts';
import { toRowId } from '../live/stream-rows.ts';

type EventCardsProps = {
  events: readonly EventRecord[];
  apps: readonly App[];
  timezone: string;
  /** Shows the app of each event: if there are several. */
  hasApps: boolean;
  onOpen: (event: EventRecord) => void;
};

/** Events on phones, newest first: everything that the table shows, without scrolling sideways. */
export function EventCards({ events, apps, timezone, hasApps, onOpen }: EventCardsProps) {
  const appName = (id: string) => apps.find((app) => app.id === id)?.name ?? id;
  return (
    <>
      <p className="border-b px-5 py-2 text-soft text-xs">Times in {timezone}</p>
      <ol aria-label="Events, newest first" className="divide-y">
        {events.map((event) => (
          <li key={toRowId(event)}>
            <EventCard
              event={event}
              timezone={timezone}
              appName={hasApps ? appName(event.app_id) : undefined}
              onOpen={onOpen}
            />
          </li>
        ))}
      </ol>
    </>
  );
}

type EventCardProps = Pick<EventCardsProps, 'timezone' | 'onOpen'> & {
  event: EventRecord;
  appName: string | undefined;
};

function EventCard({ event, timezone, appName, onOpen }: EventCardProps) {
  const now = useNow();
  const { event_name, app_user_id, timestamp, revenue, currency, context } = event;
  const device = describeDevice(context);
  const properties = previewProperties(event.properties);
  return (
    <div className="relative grid w-full grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-3 gap-y-0.5 px-5 py-3 text-left text-note transition-colors hover:bg-hover/50">
      <span className="truncate font-medium text-sm">
        <RowButton onClick={() => onOpen(event)}>{event_name}</RowButton>
        {revenue !== null && (
          <span className="ml-2 font-normal text-good text-xs tabular-nums">
            {formatMoney(revenue, currency ?? 'USD')}
          </span>
        )}
      </span>
      <time dateTime={timestamp} className="text-soft text-xs tabular-nums">
        {formatMoment(timestamp, timezone, now)}
      </time>
      <span className="truncate text-soft">
        <UserLink id={app_user_id} appId={event.app_id} className="relative" />
      </span>
      <span className="text-right text-soft text-xs">{device}</span>
      {appName && <span className="col-span-2 truncate text-soft text-xs">{appName}</span>}
      {properties && <span className="col-span-2 truncate text-soft text-xs">{properties}</span>}
    </div>
  );
}
