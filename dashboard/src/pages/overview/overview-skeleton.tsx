import { Skeleton } from '../../components/ui/skeleton.tsx';
import { METRICS } from './metrics.ts';

/** A placeholder for the cards and the chart. */
export function OverviewSkeleton() {
  return (
    <div role="status" aria-label="Loading" className="grid gap-5">
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-3 xl:grid-cols-5">
        {METRICS.map((metric) => (
          <Skeleton key={metric} className="h-38 rounded-xl" />
        ))}
      </div>
      <Skeleton className="h-96 rounded-xl" />
    </div>
  );
}
