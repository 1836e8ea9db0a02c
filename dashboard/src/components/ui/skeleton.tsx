import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/** A placeholder for something that is loading. */
export function Skeleton({ className, ...rest }: ComponentProps<'div'>) {
  return <div aria-hidden className={cn('animate-pulse rounded-md bg-muted', className)} {...rest} />;
}

/** A placeholder for a list. Screen readers announce it once. */
export function SkeletonRows({ rows = 5, className }: { rows?: number; className?: string }) {
  return (
    <div role="status" aria-label="Loading" className={cn('grid gap-3 px-5 py-4', className)}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are identical and never move.
        <Skeleton key={index} className="h-9" />
      ))}
    </div>
  );
}
