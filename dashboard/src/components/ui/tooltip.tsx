import { Tooltip as Primitive } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';

/** Stands once around the page: tooltips of neighbours follow each other without a wait. */
export const TooltipProvider = Primitive.Provider;

/** Tells more about `children` on hover and focus. `children` must be one element that can hold focus or is read anyway. */
export function Tooltip({ content, children }: { content: ReactNode; children: ReactElement }) {
  return (
    <Primitive.Root>
      <Primitive.Trigger asChild>{children}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-w-72 text-pretty rounded-md bg-foreground px-2.5 py-1.5 text-background text-xs shadow-pop data-[state=delayed-open]:animate-fade-in"
        >
          {content}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
