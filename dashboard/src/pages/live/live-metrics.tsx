import type { ReactNode } from 'react';
import type { LiveAnswer } from '../../api/answers.ts';
import { BarList } from '../../components/bar-list.tsx';
import { InfoTip } from '../../components/info-tip.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { isAutomaticEvent } from '../../lib/automatic-events.ts';
import { formatCount, formatMoney } from '../../lib/format.ts';
import { MinuteBars } from './minute-bars.tsx';

/** Active users now, and today so far. */
export function LiveTiles({ answer: { data, meta } }: { answer: LiveAnswer }) {
  const { definitions, currency } = meta;
  const tiles = [
    {
      label: 'Active in the last 5 minutes',
      value: formatCount(data.active_users_5m),
      definition: definitions.active_users_5m,
    },
    {
      label: 'Active in the last 30 minutes',
      value: formatCount(data.active_users_30m),
      definition: definitions.active_users_30m,
    },
    { label: 'Active users today', value: formatCount(data.dau_today), definition: definitions.dau_today },
    {
      label: 'Revenue today',
      value: formatMoney(data.revenue_today, currency),
      definition: definitions.revenue_today,
    },
  ];
  return (
    <ul className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {tiles.map(({ label, value, definition }) => (
        <li
          key={label}
          className="flex min-w-0 flex-col rounded-xl border bg-surface px-4 py-3.5 shadow-card"
        >
          <p className="flex items-start gap-1 font-medium text-note text-soft">
            <span className="min-w-0">{label}</span>
            {definition && <InfoTip about={label}>{definition}</InfoTip>}
          </p>
          <p className="mt-auto truncate pt-1 font-semibold text-2xl tabular-nums tracking-tight">{value}</p>
        </li>
      ))}
    </ul>
  );
}

/** Events of the last 30 minutes, minute by minute. */
export function EventsPerMinute({ answer: { data, meta } }: { answer: LiveAnswer }) {
  const sum = data.events_per_minute.reduce((total, events) => total + events, 0);
  return (
    <Card className="flex flex-col">
      <CardHeader
        title={
          <span className="flex items-center gap-1">
            Events per minute
            <InfoTip about="Events per minute">{meta.definitions.events_per_minute}</InfoTip>
          </span>
        }
        description={`${formatCount(sum)} in the last 30 minutes`}
      />
      <CardBody className="flex flex-1 flex-col">
        <MinuteBars minutes={data.events_per_minute} />
        <p aria-hidden className="mt-2 flex justify-between text-soft text-xs">
          <span>30 minutes ago</span>
          <span>now</span>
        </p>
      </CardBody>
    </Card>
  );
}

/** `nameOf` shows the name of an event. */
type TopEventsProps = { answer: LiveAnswer; nameOf: (eventName: string) => ReactNode };

/** The most frequent events, without those that the client sends by itself. */
export function TopEvents({ answer: { data, meta }, nameOf }: TopEventsProps) {
  const events = data.top_events.filter(({ event_name }) => !isAutomaticEvent(event_name));
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-1">
            Top events
            <InfoTip about="Top events">{meta.definitions.top_events}</InfoTip>
          </span>
        }
        description="In the last 30 minutes"
      />
      <CardBody className="px-2.5">
        {events.length === 0 ? (
          <p className="px-2.5 text-note text-soft">No events in the last 30 minutes</p>
        ) : (
          <BarList
            label="Top events in the last 30 minutes"
            bars={events.map(({ event_name, events: count }) => ({
              key: event_name,
              label: nameOf(event_name),
              weight: count,
              value: formatCount(count),
            }))}
          />
        )}
      </CardBody>
    </Card>
  );
}
