import { Dialog as Primitive } from 'radix-ui';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { nextChoice } from '../../components/ui/choices.ts';
import { Dialog } from '../../components/ui/dialog.tsx';
import { cn } from '../../lib/class-names.ts';
import { findItems, PALETTE_GROUPS, type PaletteItem } from './find-items.ts';
import { usePaletteItems } from './use-palette-items.tsx';

/** The palette, open while mounted. The focus stays in the field; the arrow keys move the highlight (ARIA combobox). */
export function PaletteDialog({ onClose }: { onClose: () => void }) {
  const chosen = useRef<PaletteItem>(undefined);
  const opener = useRef(document.activeElement);
  const choose = (item: PaletteItem) => {
    chosen.current = item;
    onClose();
  };
  // Radix returns the focus while it unmounts: only after that may an item open a dialog, which takes it.
  useEffect(
    () => () => {
      const item = chosen.current;
      const { current: place } = opener;
      queueMicrotask(() => {
        if (place instanceof HTMLElement && place.isConnected) place.focus();
        item?.run();
      });
    },
    [],
  );
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-50 bg-black/40 backdrop-blur-[1px] data-[state=open]:animate-fade-in dark:bg-black/60" />
        <Primitive.Content
          aria-describedby={undefined}
          onCloseAutoFocus={(event) => event.preventDefault()}
          className="fixed inset-x-3 top-3 z-50 mx-auto flex max-h-[min(30rem,calc(100dvh-1.5rem))] max-w-xl flex-col overflow-hidden rounded-xl border bg-raised shadow-pop outline-none data-[state=open]:animate-rise-in sm:top-[12vh]"
        >
          <Primitive.Title className="sr-only">Search</Primitive.Title>
          <Finder onChoose={choose} />
        </Primitive.Content>
      </Primitive.Portal>
    </Dialog>
  );
}

function Finder({ onChoose }: { onChoose: (item: PaletteItem) => void }) {
  const [typed, setTyped] = useState('');
  const [highlighted, setHighlighted] = useState<string>();
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const items = findItems(usePaletteItems(typed), typed);
  const current = items.find(({ id }) => id === highlighted) ?? items[0];
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextChoice(items, current?.id, event.key);
    if (next !== undefined) {
      setHighlighted(next);
      list.current?.querySelector(`[data-id="${CSS.escape(next)}"]`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && current) onChoose(current);
    else return;
    event.preventDefault();
  };
  const elementId = (item: PaletteItem) => `${listId}-${items.indexOf(item)}`;
  return (
    <>
      <input
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={current && elementId(current)}
        aria-label="Search pages, apps, keys and actions"
        placeholder="Search pages, apps, keys and actions"
        // biome-ignore lint/a11y/noAutofocus: a dialog that is only a field.
        autoFocus
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="none"
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
        onKeyDown={onKeyDown}
        className="h-12 w-full border-b bg-transparent px-4 text-base outline-none placeholder:text-soft"
      />
      <div
        ref={list}
        id={listId}
        role="listbox"
        aria-label="Results"
        className="min-h-0 overflow-y-auto p-1.5"
      >
        {PALETTE_GROUPS.map((group) => {
          const found = items.filter((item) => item.group === group);
          if (found.length === 0) return null;
          return (
            // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be in a listbox.
            <div key={group} role="group" aria-label={group}>
              <p aria-hidden className="px-2.5 pt-2 pb-1 font-medium text-soft text-xs">
                {group}
              </p>
              {found.map((item) => (
                <Result
                  key={item.id}
                  item={item}
                  elementId={elementId(item)}
                  isHighlighted={item.id === current?.id}
                  onHighlight={() => setHighlighted(item.id)}
                  onChoose={() => onChoose(item)}
                />
              ))}
            </div>
          );
        })}
      </div>
      {items.length === 0 && (
        <p role="status" className="px-4 pb-4 text-note text-soft">
          No matches.
        </p>
      )}
    </>
  );
}

type ResultProps = {
  item: PaletteItem;
  elementId: string;
  isHighlighted: boolean;
  onHighlight: () => void;
  onChoose: () => void;
};

function Result({
  item: { id, icon, name, aside },
  elementId,
  isHighlighted,
  onHighlight,
  onChoose,
}: ResultProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys for all of them.
    <div
      id={elementId}
      data-id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isHighlighted}
      onPointerMove={onHighlight}
      onClick={onChoose}
      className={cn(
        'flex cursor-pointer select-none items-center gap-2.5 rounded-md px-2.5 py-2 text-sm outline-none [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-soft',
        isHighlighted && 'bg-hover',
      )}
    >
      {icon}
      <bdi className="min-w-0 flex-1 truncate text-left">{name}</bdi>
      {aside && <span className="max-w-40 shrink-0 truncate text-soft text-xs">{aside}</span>}
    </div>
  );
}
