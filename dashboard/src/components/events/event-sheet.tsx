import type { ReactNode } from 'react';
import type { App, EventRecord } from '../../api/answers.ts';
import { formatExact, formatMoney } from '../../lib/format.ts';
import { CodeBlock } from '../code-block.tsx';
import { CopyButton } from '../copy-button.tsx';
import { platformName } from '../platform.tsx';
import { TimeAgo } from '../time-ago.tsx';
import { Badge } from '../ui/badge.tsx';
import { Dialog, DialogBody, DialogFooter, SheetContent } from '../ui/dialog.tsx';
import { UserLink } from './user-link.tsx';

type EventSheetProps = {
  event: EventRecord | undefined;
  apps: readonly App[];
  timezone: string;
  onClose: () => void;
  /** Buttons at the bottom, such as links to related events. */
  actions?: (event: EventRecord) => ReactNode;
};

/** Everything about one event, in a panel at the right. Closed without an event. */
export function EventSheet({ event, apps, timezone, onClose, actions }: EventSheetProps) {
  return (
    <Dialog open={event !== undefined} onOpenChange={(isOpen) => !isOpen && onClose()}>
      {event && (
        <SheetContent
          title={<span className="break-all font-mono">{event.event_name}</span>}
          description={formatExact(event.timestamp, timezone)}
        >
          <DialogBody className="grid content-start gap-6">
            <Facts event={event} apps={apps} timezone={timezone} />
            <Part title="Properties">
              {Object.keys(event.properties).length > 0 ? (
                <CodeBlock code={JSON.stringify(event.properties, null, 2)} what="properties" />
              ) : (
                <p className="text-note text-soft">No properties</p>
              )}
            </Part>
            <Context context={event.context} />
          </DialogBody>
          <DialogFooter className="justify-start">
            <CopyButton
              text={JSON.stringify(event, null, 2)}
              what="event as JSON"
              hasLabel
              variant="secondary"
            />
            {actions?.(event)}
          </DialogFooter>
        </SheetContent>
      )}
    </Dialog>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="grid min-w-0 gap-2">
      <h3 className="font-medium text-soft text-xs">{title}</h3>
      {children}
    </section>
  );
}

function Facts({
  event,
  apps,
  timezone,
}: Pick<EventSheetProps, 'apps' | 'timezone'> & { event: EventRecord }) {
  const app = apps.find(({ id }) => id === event.app_id);
  return (
    <dl className="grid grid-cols-[5rem_minmax(0,1fr)] gap-x-4 text-note sm:grid-cols-[7rem_minmax(0,1fr)]">
      <Fact name="User" id={event.app_user_id}>
        <UserLink id={event.app_user_id} appId={event.app_id} className="text-link" />
      </Fact>
      {event.session_id !== null && <Fact name="Session" id={event.session_id} />}
      <Fact name="Event ID" id={event.event_id} />
      <Fact name="App">
        <bdi>{app?.name ?? event.app_id}</bdi>
      </Fact>
      <Fact name="Occurred">
        {formatExact(event.timestamp, timezone)} <TimeAgo at={event.timestamp} />
      </Fact>
      <Fact name="Received">{formatExact(event.received_at, timezone)}</Fact>
      {event.revenue !== null && (
        <Fact name="Revenue">
          <span className="inline-flex flex-wrap items-center gap-2">
            <span className="font-medium tabular-nums">
              {formatMoney(event.revenue, event.currency ?? 'USD')}
            </span>
            <Badge tone={event.revenue_verified ? 'good' : 'warn'}>
              {event.revenue_verified ? 'Verified: sent by a server' : 'Unverified: sent by an app'}
            </Badge>
          </span>
        </Fact>
      )}
    </dl>
  );
}

/** One fact: a text, or an id with a copy button, shown as `children` if given. */
function Fact({ name, id, children }: { name: string; id?: string; children?: ReactNode }) {
  return (
    <>
      <dt className="text-soft leading-8">{name}</dt>
      <dd className="flex min-h-8 min-w-0 items-center gap-1 [&_time]:text-soft">
        {id === undefined ? (
          <span className="py-1">{children}</span>
        ) : (
          <>
            <code className="min-w-0 break-all font-mono text-[0.78125rem]">{children ?? id}</code>
            <CopyButton text={id} what={name.toLowerCase()} />
          </>
        )}
      </dd>
    </>
  );
}

function Context({ context }: { context: EventRecord['context'] }) {
  const entries = Object.entries(context);
  if (entries.length === 0) return null;
  return (
    <Part title="Context">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1 rounded-lg border px-4 py-3 text-note">
        {entries.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name.replaceAll('_', ' ')}</dt>
            <dd className="min-w-0 break-words text-right">
              {name === 'platform' ? platformName(value) : <bdi>{value}</bdi>}
            </dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}
