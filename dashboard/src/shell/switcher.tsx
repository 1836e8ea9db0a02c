import { ChevronsUpDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { type ReactNode, useRef, useState } from 'react';
import { type Choice, ChoiceList } from '../components/ui/choice-list.tsx';
import { ChoicePopover } from '../components/ui/choice-popover.tsx';
import { cn } from '../lib/class-names.ts';

type SwitcherProps = {
  /** What can be chosen, in the plural: "Apps". */
  label: string;
  /** The button's content. */
  children: ReactNode;
  className?: string;
  choices: readonly Choice[];
  chosen: string | undefined;
  onChoose: (id: string) => void;
  /** The last line. It stays visible below a long list. */
  footer: { icon: ReactNode; label: string; onSelect: () => void };
};

/** A button that opens a list of choices. A long list can be filtered by typing. */
export function Switcher({ label, children, className, choices, chosen, onChoose, footer }: SwitcherProps) {
  const [isOpen, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const next = useRef<() => void>(undefined);
  const close = (then: () => void) => () => {
    next.current = then;
    setOpen(false);
  };
  // Only after the focus has returned: a dialog opened earlier would lose it, and could not restore it.
  const finishClose = (event: Event) => {
    event.preventDefault();
    trigger.current?.focus();
    next.current?.();
    next.current = undefined;
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen} modal>
      <Popover.Trigger
        ref={trigger}
        className={cn(
          'flex w-full items-center rounded-md text-left transition-colors hover:bg-hover',
          className,
        )}
      >
        {children}
        <ChevronsUpDown className="size-3.5 shrink-0 text-soft" aria-hidden />
      </Popover.Trigger>
      <ChoicePopover aria-label={label} onCloseAutoFocus={finishClose} className="min-w-48">
        <ChoiceList
          label={label}
          choices={choices}
          chosen={chosen}
          onChoose={(id) => close(() => onChoose(id))()}
        />
        <button
          type="button"
          onClick={close(footer.onSelect)}
          className="-mx-1 mt-1 -mb-1 flex items-center gap-2.5 rounded-b-lg border-t px-3.5 py-2 text-sm hover:bg-hover focus-visible:-outline-offset-2 [&_svg]:size-4 [&_svg]:text-soft"
        >
          {footer.icon}
          {footer.label}
        </button>
      </ChoicePopover>
    </Popover.Root>
  );
}
