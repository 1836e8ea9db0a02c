import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/** On phones each row is a block and each cell a line, labeled by its `data-label`. */
const STACKED = [
  'max-sm:block max-sm:[&>thead]:sr-only max-sm:[&>tbody]:block',
  'max-sm:[&>tbody>tr]:grid max-sm:[&>tbody>tr]:grid-cols-[minmax(0,1fr)] max-sm:[&>tbody>tr]:gap-1.5 max-sm:[&>tbody>tr]:px-5 max-sm:[&>tbody>tr]:py-3.5',
  'max-sm:[&_td]:flex max-sm:[&_td]:w-full max-sm:[&_td]:max-w-none max-sm:[&_td]:items-center max-sm:[&_td]:p-0!',
  'max-sm:[&_td[data-label]]:justify-between max-sm:[&_td[data-label]]:gap-4',
  'max-sm:[&_td[data-label]]:before:shrink-0 max-sm:[&_td[data-label]]:before:text-soft max-sm:[&_td[data-label]]:before:text-xs',
  'max-sm:[&_td[data-label]]:before:content-[attr(data-label)]',
].join(' ');

type TableProps = ComponentProps<'table'> & { label: string; isStacked?: boolean };

/** A table that scrolls if it is too wide. `isStacked`: rows are blocks on phones. `label` is for screen readers. */
export function Table({ label, isStacked, className, ...rest }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1).
    <section aria-label={label} className="relative w-full overflow-x-auto" tabIndex={0}>
      <table
        aria-label={label}
        className={cn('w-full border-collapse text-left text-sm', isStacked && STACKED, className)}
        {...rest}
      />
    </section>
  );
}

/** The header row. */
export function HeadRow({ className, ...rest }: ComponentProps<'tr'>) {
  return <tr className={cn('border-b', className)} {...rest} />;
}

/** A column heading. */
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

/** The heading of a column of buttons: only screen readers need it. */
export function ActionsHead() {
  return (
    <Head>
      <span className="sr-only">Actions</span>
    </Head>
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
