import { Check } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react';
import { cn } from '../../lib/class-names.ts';
import { matchingChoices, type Named, nextChoice } from './choices.ts';
import { Input } from './input.tsx';

export type Choice = Named & {
  icon?: ReactNode;
  /** Shown at the right, in a soft color. */
  aside?: string;
};

type ChoiceListProps = {
  /** What can be chosen, in the plural: "Apps". */
  label: string;
  choices: readonly Choice[];
  chosen: string | undefined;
  onChoose: (id: string) => void;
};

/** Longer lists get a filter. */
const UNFILTERED_MAX = 7;

/** A list to choose from. The focus stays in the field or on the list, and the arrow keys move the highlight (ARIA combobox). */
export function ChoiceList({ label, choices, chosen, onChoose }: ChoiceListProps) {
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
      {shown.length === 0 && <p className="px-2.5 pb-2 text-note text-soft">No matches.</p>}
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
      {choice.aside && <span className="shrink-0 text-soft text-xs">{choice.aside}</span>}
      {isChosen && <Check aria-hidden />}
    </div>
  );
}
