import { Skeleton } from '../../components/ui/skeleton.tsx';
import { OUTCOMES } from './summarize.ts';

/** A placeholder for the totals and the chart. */
export function IngestionSkeleton() {
  return (
    <div role="status" aria-label="Loading" className="grid gap-5">
      <div className="grid grid-cols-2 gap-3 xl:grid-cols-4">
        {OUTCOMES.map((outcome) => (
          <Skeleton key={outcome} className="h-28 rounded-xl" />
        ))}
      </div>
      <Skeleton className="h-88 rounded-xl" />
      <Skeleton className="h-64 rounded-xl" />
    </div>
  );
}
