import { Tooltip as Primitive } from 'radix-ui';
import { type MouseEvent, type ReactElement, type ReactNode, useState } from 'react';
import { cn } from '../../lib/class-names.ts';

/** Mounted once around the page, so that moving from one tooltip to the next has no delay. */
export const TooltipProvider = Primitive.Provider;

const LOOKS = {
  note: 'max-w-72 rounded-md bg-foreground px-2.5 py-1.5 text-background',
  explanation: 'max-w-80 rounded-lg border bg-raised px-3.5 py-2.5 text-left text-foreground leading-relaxed',
} as const;

type TooltipProps = {
  content: ReactNode;
  looks?: keyof typeof LOOKS;
  /** Also opens on press, the only way on a touch screen: for elements that do nothing else when pressed. */
  opensOnPress?: boolean;
  /** One focusable element. */
  children: ReactElement;
};

/** A tooltip for `children`, on hover and focus: a note of a few words, or an explanation. */
export function Tooltip({ content, looks = 'note', opensOnPress, children }: TooltipProps) {
  const [isOpen, setOpen] = useState(false);
  const press = (event: MouseEvent) => {
    // Radix closes it on press.
    event.preventDefault();
    setOpen(true);
  };
  return (
    <Primitive.Root open={isOpen} onOpenChange={setOpen}>
      <Primitive.Trigger asChild {...(opensOnPress && { onClick: press })}>
        {children}
      </Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          sideOffset={6}
          collisionPadding={12}
          className={cn(
            'z-50 text-pretty text-xs shadow-pop data-[state=delayed-open]:animate-fade-in',
            LOOKS[looks],
          )}
        >
          {content}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
