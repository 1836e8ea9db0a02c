import { Tabs as Primitive } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/** The root of tabs. */
export const Tabs = Primitive.Root;

/** The row of tabs. It scrolls on phones, unless it wraps (`flex-wrap`). */
export function TabsList({ className, ...rest }: ComponentProps<typeof Primitive.List>) {
  return (
    <Primitive.List
      className={cn(
        'flex gap-5 overflow-x-auto overflow-y-hidden border-b [scrollbar-width:none]',
        className,
      )}
      {...rest}
    />
  );
}

/** One tab. */
export function TabsTrigger({ className, ...rest }: ComponentProps<typeof Primitive.Trigger>) {
  return (
    <Primitive.Trigger
      className={cn(
        '-mb-px cursor-pointer whitespace-nowrap border-transparent border-b-2 px-0.5 pb-2 font-medium text-soft text-sm transition-colors hover:text-foreground focus-visible:-outline-offset-2 data-[state=active]:border-primary data-[state=active]:text-foreground',
        className,
      )}
      {...rest}
    />
  );
}

/** The content of a tab. */
export function TabsContent({ className, ...rest }: ComponentProps<typeof Primitive.Content>) {
  return <Primitive.Content className={cn('pt-4 outline-none', className)} {...rest} />;
}
