import { RotateCw, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { errorMessage } from '../api/problem.ts';
import { ErrorState } from './states.tsx';
import { TimeAgo } from './time-ago.tsx';
import { Button } from './ui/button.tsx';
import { Card } from './ui/card.tsx';

/** The part of a query result that is used here. */
type Query<Data> = {
  data: Data | undefined;
  error: unknown;
  /** Epoch milliseconds. */
  dataUpdatedAt: number;
  isFetching: boolean;
  refetch: () => unknown;
};

type QueryStateProps<Data> = {
  query: Query<Data>;
  /** The title if loading fails, as in "The keys could not be loaded". */
  what: string;
  /** Shown while loading. */
  pending: ReactNode;
  /** Wraps the placeholder in a card, for content that is not inside one. */
  hasCard?: boolean;
  children: (data: Data) => ReactNode;
};

/** Shows loaded data. If a refetch fails, the data stays and a message above it says so. */
export function QueryState<Data>({ query, what, pending, hasCard, children }: QueryStateProps<Data>) {
  const { data, error, dataUpdatedAt, isFetching, refetch } = query;
  if (data === undefined) {
    const fallback = error ? <ErrorState what={what} error={error} onRetry={refetch} /> : pending;
    return hasCard ? <Card>{fallback}</Card> : fallback;
  }
  return (
    <>
      {Boolean(error) && (
        <StaleBar error={error} knownAtMs={dataUpdatedAt} isBusy={isFetching} onRetry={refetch} />
      )}
      {children(data)}
    </>
  );
}

type StaleBarProps = { error: unknown; knownAtMs: number; isBusy: boolean; onRetry: () => unknown };

function StaleBar({ error, knownAtMs, isBusy, onRetry }: StaleBarProps) {
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg border border-warn/30 bg-warn-soft px-4 py-1.5 text-note in-[section]:m-3"
    >
      <TriangleAlert className="size-4 shrink-0 text-warn" aria-hidden />
      <p className="min-w-0 flex-1">
        <span className="font-medium">Out of date.</span> Last updated{' '}
        <TimeAgo at={new Date(knownAtMs).toISOString()} />. {errorMessage(error)}
      </p>
      <Button size="sm" onClick={() => void onRetry()} isBusy={isBusy}>
        {!isBusy && <RotateCw aria-hidden />}
        Retry
      </Button>
    </div>
  );
}
