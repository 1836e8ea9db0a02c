import { Pause, Play, Radio, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { EventRecord } from '../../api/answers.ts';
import { leaveToSignIn } from '../../api/session.ts';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { formatAmount, formatCount } from '../../lib/format.ts';
import { closeReason } from './connection.ts';
import { ConnectionBadge } from './connection-badge.tsx';
import { EventRow } from './event-row.tsx';
import { ROWS_MAX, toRowId } from './stream-rows.ts';
import type { EventStream } from './use-event-stream.ts';

type Earlier = { data: readonly EventRecord[] | undefined; error: unknown; refetch: () => unknown };

type StreamCardProps = {
  stream: EventStream;
  /** Events from before the page was opened, newest first. */
  earlier: Earlier;
  timezone: string;
  /** A command that sends an event, shown if there are none. */
  command: string;
  onOpen: (event: EventRecord) => void;
};

/** Events as they arrive, newest first. */
export function StreamCard({ stream, earlier, timezone, command, onOpen }: StreamCardProps) {
  const { connection, rows, pause, resume } = stream;
  const known = new Set(rows.shown.map(({ id }) => id));
  const before = (earlier.data ?? [])
    .filter((event) => !known.has(toRowId(event)))
    .slice(0, ROWS_MAX - rows.shown.length);
  const isEmpty = rows.shown.length === 0 && before.length === 0;
  return (
    <Card className="min-w-0">
      <CardHeader
        title={
          <span className="flex items-center gap-2.5">
            Events
            <ConnectionBadge connection={connection} isPaused={rows.isPaused} />
          </span>
        }
        description={`Newest first · times in ${timezone}`}
        actions={
          <Button size="sm" onClick={rows.isPaused ? resume : pause} disabled={connection.state === 'closed'}>
            {rows.isPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
            {rows.isPaused ? 'Resume' : 'Pause'}
            {rows.bufferedCount > 0 && (
              <span className="text-soft tabular-nums">{formatCount(rows.bufferedCount)} new</span>
            )}
          </Button>
        }
      />
      <StreamEnded stream={stream} />
      {isEmpty ? (
        <NoRows earlier={earlier} command={command} />
      ) : (
        <ol aria-label="Events, newest first" className="border-t">
          {rows.shown.map((row) =>
            row.kind === 'gap' ? (
              <Divider key={row.id}>
                <TriangleAlert className="size-3.5 text-warn" aria-hidden />
                {row.missed === undefined
                  ? 'Some events may be missing: the connection was lost'
                  : `${formatAmount(row.missed, 'event')} not shown: they arrived too fast for this page`}
              </Divider>
            ) : (
              <EventRow key={row.id} event={row.event} timezone={timezone} isNew onOpen={onOpen} />
            ),
          )}
          {before.length > 0 && rows.shown.length > 0 && <Divider>Before you opened this page</Divider>}
          {before.map((event) => (
            <EventRow key={toRowId(event)} event={event} timezone={timezone} onOpen={onOpen} />
          ))}
        </ol>
      )}
    </Card>
  );
}

/** Shown without events: earlier ones are loading, failed to load, or do not exist. */
function NoRows({ earlier, command }: Pick<StreamCardProps, 'earlier' | 'command'>) {
  if (earlier.error) {
    return <ErrorState what="Couldn't load earlier events" error={earlier.error} onRetry={earlier.refetch} />;
  }
  if (earlier.data === undefined) return <SkeletonRows />;
  return (
    <EmptyState icon={Radio} title="Waiting for events" command={command} className="pt-6">
      Send one with a client or server key of this project. It appears here within a second.
    </EmptyState>
  );
}

function Divider({ children }: { children: ReactNode }) {
  return (
    <li className="flex items-center justify-center gap-2 border-b bg-muted/60 px-5 py-1.5 text-center text-soft text-xs">
      {children}
    </li>
  );
}

function StreamEnded({ stream: { connection, reopen } }: { stream: EventStream }) {
  if (connection.state !== 'closed') return null;
  const isSignedOut = connection.code === 'not_signed_in';
  const { pathname, search } = window.location;
  return (
    <Callout
      tone="warn"
      isAlert
      title="The live stream ended"
      className="mx-5 mb-4"
      actions={
        isSignedOut ? (
          <Button size="sm" onClick={() => leaveToSignIn(pathname + search)}>
            Sign in again
          </Button>
        ) : (
          <Button size="sm" onClick={reopen}>
            Try again
          </Button>
        )
      }
    >
      {closeReason(connection.code)}
    </Callout>
  );
}
