import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/** A table that scrolls inside itself when it is wider than the page. `label` names it for screen readers. */
export function Table({ label, className, ...rest }: ComponentProps<'table'> & { label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1).
    <section aria-label={label} className="relative w-full overflow-x-auto" tabIndex={0}>
      <table
        aria-label={label}
        className={cn('w-full border-collapse text-left text-sm', className)}
        {...rest}
      />
    </section>
  );
}

/** A row of headings. */
export function HeadRow({ className, ...rest }: ComponentProps<'tr'>) {
  return <tr className={cn('border-b', className)} {...rest} />;
}

/** A heading of a column. */
export function Head({ className, ...rest }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      className={cn(
        'h-9 whitespace-nowrap px-3 font-medium text-soft text-xs first:pl-5 last:pr-5',
        className,
      )}
      {...rest}
    />
  );
}

/** A row. */
export function Row({ className, ...rest }: ComponentProps<'tr'>) {
  return (
    <tr className={cn('border-b transition-colors last:border-0 hover:bg-hover/50', className)} {...rest} />
  );
}

/** A cell. */
export function Cell({ className, ...rest }: ComponentProps<'td'>) {
  return <td className={cn('px-3 py-2.5 align-middle first:pl-5 last:pr-5', className)} {...rest} />;
}
