import { RotateCw, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { sentenceOf } from '../api/problem.ts';
import { ErrorState } from './states.tsx';
import { TimeAgo } from './time-ago.tsx';
import { Button } from './ui/button.tsx';
import { Card } from './ui/card.tsx';

/** What is looked at of a query's result. */
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
  /** What failed when it fails, as in "The keys could not be loaded". */
  what: string;
  /** Holds the place until there is something to show. */
  pending: ReactNode;
  /** Puts a card around what stands in for the content: for content that is no card's own. */
  isCarded?: boolean;
  children: (data: Data) => ReactNode;
};

/** Shows what was loaded. A failed renewal takes nothing away: it is told above what is there. */
export function QueryState<Data>({ query, what, pending, isCarded, children }: QueryStateProps<Data>) {
  const { data, error, dataUpdatedAt, isFetching, refetch } = query;
  if (data === undefined) {
    const stand = error ? <ErrorState what={what} error={error} onRetry={refetch} /> : pending;
    return isCarded ? <Card>{stand}</Card> : stand;
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
        <span className="font-medium">Not up to date:</span> as of{' '}
        <TimeAgo at={new Date(knownAtMs).toISOString()} />. {sentenceOf(error)}
      </p>
      <Button size="sm" onClick={() => void onRetry()} isBusy={isBusy}>
        {!isBusy && <RotateCw aria-hidden />}
        Retry
      </Button>
    </div>
  );
}
