import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/**
 * The button of a whole row, for rows that contain links too: it covers the nearest `relative` element around it. Links
 * beside it are `relative` themselves, and come later.
 */
export function RowButton({ className, ...rest }: ComponentProps<'button'>) {
  return (
    <button
      type="button"
      className={cn(
        'text-left outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-ring',
        className,
      )}
      {...rest}
    />
  );
}
