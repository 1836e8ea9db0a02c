import { Check, ChevronsUpDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react';
import { Input } from '../components/ui/input.tsx';
import { cn } from '../lib/class-names.ts';
import { matchingChoices, type Named, nextChoice } from './choices.ts';

type Choice = Named & { icon?: ReactNode };

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
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={6}
          collisionPadding={8}
          aria-label={label}
          onCloseAutoFocus={finishClose}
          className="z-50 flex max-h-[min(24rem,var(--radix-popover-content-available-height))] w-[var(--radix-popover-trigger-width)] min-w-48 flex-col rounded-lg border bg-raised p-1 shadow-pop outline-none data-[state=open]:animate-rise-in"
        >
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
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** Longer lists get a filter. */
const UNFILTERED_MAX = 7;

type ChoiceListProps = Pick<SwitcherProps, 'label' | 'choices' | 'chosen' | 'onChoose'>;

/** The list. The focus stays in the field or on the list, and the arrow keys move the highlight (ARIA combobox). */
function ChoiceList({ label, choices, chosen, onChoose }: ChoiceListProps) {
  const [typed, setTyped] = useState('');
  const [highlighted, setHighlighted] = useState(chosen);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const shown = matchingChoices(choices, typed);
  const current = shown.find(({ id }) => id === highlighted) ?? shown[0];
  const highlight = (id: string | undefined) => {
    setHighlighted(id);
    list.current?.querySelector(`[data-id="${id}"]`)?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextChoice(shown, current?.id, event.key);
    if (next !== undefined) highlight(next);
    else if (event.key === 'Enter' && current) onChoose(current.id);
    else return;
    event.preventDefault();
  };
  const keys = { onKeyDown, 'aria-activedescendant': current && `${listId}-${current.id}` };
  const isLong = choices.length > UNFILTERED_MAX;
  return (
    <>
      {isLong ? (
        <Input
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-label={`Find in ${label}`}
          placeholder="Find"
          spellCheck={false}
          autoComplete="off"
          className="mb-1 h-8"
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
          {...keys}
        />
      ) : (
        <p aria-hidden className="px-2.5 pt-2 pb-1 font-medium text-soft text-xs">
          {label}
        </p>
      )}
      <div
        ref={list}
        id={listId}
        role="listbox"
        aria-label={label}
        className="min-h-0 flex-1 overflow-y-auto outline-none"
        {...(!isLong && { ...keys, tabIndex: 0 })}
      >
        {shown.map((choice) => (
          <ChoiceItem
            key={choice.id}
            elementId={`${listId}-${choice.id}`}
            choice={choice}
            isChosen={choice.id === chosen}
            isHighlighted={choice.id === current?.id}
            onHighlight={() => setHighlighted(choice.id)}
            onChoose={() => onChoose(choice.id)}
          />
        ))}
      </div>
      {shown.length === 0 && <p className="px-2.5 pb-2 text-note text-soft">Nothing has this in its name.</p>}
    </>
  );
}

type ChoiceItemProps = {
  elementId: string;
  choice: Choice;
  isChosen: boolean;
  isHighlighted: boolean;
  onHighlight: () => void;
  onChoose: () => void;
};

function ChoiceItem({ elementId, choice, isChosen, isHighlighted, onHighlight, onChoose }: ChoiceItemProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys for all of them.
    <div
      id={elementId}
      data-id={choice.id}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      onPointerMove={onHighlight}
      onClick={onChoose}
      className={cn(
        'flex cursor-pointer select-none items-center gap-2.5 outline-none rounded-md px-2.5 py-1.5 text-sm [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-soft',
        isHighlighted && 'bg-hover',
      )}
    >
      {choice.icon}
      <bdi className="min-w-0 flex-1 truncate text-left">{choice.name}</bdi>
      {isChosen && <Check aria-hidden />}
    </div>
  );
}
