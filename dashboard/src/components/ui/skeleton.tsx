import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/** Holds the place of something that is being loaded. */
export function Skeleton({ className, ...rest }: ComponentProps<'div'>) {
  return <div aria-hidden className={cn('animate-pulse rounded-md bg-muted', className)} {...rest} />;
}

/** Holds the place of a list, told to screen readers once. */
export function SkeletonRows({ rows = 5, className }: { rows?: number; className?: string }) {
  return (
    <div role="status" aria-label="Loading" className={cn('grid gap-3 px-5 py-4', className)}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike and never move.
        <Skeleton key={index} className="h-9" />
      ))}
    </div>
  );
}
