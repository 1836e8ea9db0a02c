import { Skeleton } from '../../components/ui/skeleton.tsx';
import { METRICS } from './metrics.ts';

/** Holds the place of the cards and the chart. */
export function NumbersSkeleton() {
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
