import { Popover } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '../../lib/class-names.ts';

/** The popover of a list of choices: as wide as its trigger, and as high as the window allows. */
export function ChoicePopover({ className, ...rest }: ComponentProps<typeof Popover.Content>) {
  return (
    <Popover.Portal>
      <Popover.Content
        align="start"
        sideOffset={6}
        collisionPadding={8}
        className={cn(
          'z-50 flex max-h-[min(24rem,var(--radix-popover-content-available-height))] w-[var(--radix-popover-trigger-width)] flex-col rounded-lg border bg-raised p-1 shadow-pop outline-none data-[state=open]:animate-rise-in',
          className,
        )}
        {...rest}
      />
    </Popover.Portal>
  );
}
