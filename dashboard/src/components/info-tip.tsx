import { Info } from 'lucide-react';
import { Tooltip as Primitive } from 'radix-ui';
import { type ReactNode, useState } from 'react';

/** A small "i" that explains what stands beside it: on hover, on focus, and on a tap. `about` names it: "Sessions". */
export function InfoTip({ about, children }: { about: string; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Primitive.Root open={isOpen} onOpenChange={setOpen}>
      <Primitive.Trigger
        type="button"
        aria-label={`How it is counted: ${about}`}
        className="relative z-10 inline-grid size-5 shrink-0 place-items-center rounded-full text-soft/80 transition-colors hover:text-foreground"
        onClick={(event) => {
          // A tooltip closes when pressed; on a touch screen pressing is the only way to open it.
          event.preventDefault();
          setOpen(true);
        }}
      >
        <Info className="size-3.5" aria-hidden />
      </Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          sideOffset={6}
          collisionPadding={12}
          className="z-50 max-w-80 text-pretty rounded-lg border bg-raised px-3.5 py-2.5 text-left text-foreground text-xs leading-relaxed shadow-pop data-[state=delayed-open]:animate-fade-in"
        >
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
