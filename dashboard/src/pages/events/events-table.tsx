import type { App, EventRecord } from '../../api/answers.ts';
import { UserLink } from '../../components/events/user-link.tsx';
import { describeDevice } from '../../components/platform.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { Tooltip } from '../../components/ui/tooltip.tsx';
import { formatAgo, formatMoment, formatMoney } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { previewProperties } from '../../lib/preview-properties.ts';

type EventsTableProps = {
  events: readonly EventRecord[];
  apps: readonly App[];
  timezone: string;
  /** Shows the app of each event: if there are several. */
  hasApps: boolean;
  onOpen: (event: EventRecord) => void;
};

/** Events, newest first. A click on a row opens the event. */
export function EventsTable({ events, apps, timezone, hasApps, onOpen }: EventsTableProps) {
  const now = useNow();
  const appName = (id: string) => apps.find((app) => app.id === id)?.name ?? id;
  return (
    <Table label="Events, newest first">
      <thead>
        <HeadRow>
          <Head>Time ({timezone})</Head>
          <Head>Event</Head>
          <Head>User</Head>
          {hasApps && <Head>App</Head>}
          <Head className="hidden lg:table-cell">Device</Head>
          <Head className="hidden w-2/5 md:table-cell">Properties</Head>
        </HeadRow>
      </thead>
      <tbody>
        {events.map((event) => (
          <Row
            key={`${event.app_id} ${event.event_id} ${event.received_at}`}
            className="cursor-pointer"
            onClick={() => onOpen(event)}
          >
            <Cell className="whitespace-nowrap text-soft tabular-nums">
              <Tooltip content={formatAgo(event.timestamp, now)}>
                <time dateTime={event.timestamp}>{formatMoment(event.timestamp, timezone, now)}</time>
              </Tooltip>
            </Cell>
            <Cell className="whitespace-nowrap">
              <button
                type="button"
                className="font-medium"
                onClick={(click) => {
                  // The row opens it too; this button is for the keyboard.
                  click.stopPropagation();
                  onOpen(event);
                }}
              >
                {event.event_name}
              </button>
              {event.revenue !== null && (
                <span className="ml-2 text-good text-xs tabular-nums">
                  {formatMoney(event.revenue, event.currency ?? 'USD')}
                </span>
              )}
            </Cell>
            <Cell className="max-w-48 truncate">
              <UserLink id={event.app_user_id} appId={event.app_id} />
            </Cell>
            {hasApps && <Cell className="max-w-40 truncate text-soft">{appName(event.app_id)}</Cell>}
            <Cell className="hidden max-w-44 truncate whitespace-nowrap text-note text-soft lg:table-cell">
              {describeDevice(event.context)}
            </Cell>
            <Cell className="hidden max-w-0 truncate text-note text-soft md:table-cell">
              {previewProperties(event.properties)}
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  );
}
