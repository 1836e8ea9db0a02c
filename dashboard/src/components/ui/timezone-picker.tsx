import { ChevronDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useMemo, useState } from 'react';
import { cn } from '../../lib/class-names.ts';
import { browserZone, listZones } from '../../lib/time-zones.ts';
import { ChoiceList } from './choice-list.tsx';
import { ChoicePopover } from './choice-popover.tsx';
import type { FieldControl } from './field.tsx';
import { FIELD_CLASSES } from './input.tsx';

type TimezonePickerProps = Partial<FieldControl> & {
  /** The accessible name, without a label. */
  'aria-label'?: string;
  className?: string;
  value: string;
  /** Zones to list first, with what they are: the app's, for example. */
  first?: readonly { zone: string; note: string }[];
  onChange: (zone: string) => void;
};

/** A time zone, found by typing a part of its name. The browser's own is near the top. */
export function TimezonePicker({ className, value, first = [], onChange, ...control }: TimezonePickerProps) {
  const [isOpen, setOpen] = useState(false);
  const choose = (zone: string) => {
    setOpen(false);
    onChange(zone);
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen} modal>
      <Popover.Trigger
        {...control}
        role="combobox"
        className={cn(FIELD_CLASSES, 'flex h-9 items-center justify-between gap-2 text-left', className)}
      >
        <span className="truncate">{toName(value)}</span>
        <ChevronDown className="size-4 shrink-0 text-soft" aria-hidden />
      </Popover.Trigger>
      <ChoicePopover aria-label="Time zones" className="min-w-64">
        <Zones value={value} first={first} onChoose={choose} />
      </ChoicePopover>
    </Popover.Root>
  );
}

type ZonesProps = {
  value: string;
  first: readonly { zone: string; note: string }[];
  onChoose: (zone: string) => void;
};

function Zones({ value, first, onChoose }: ZonesProps) {
  const choices = useMemo(() => {
    const notes = new Map([...first.map(({ zone, note }) => [zone, note] as const)]);
    if (!notes.has(browserZone())) notes.set(browserZone(), 'This browser');
    const names = new Set([value, ...notes.keys(), ...listZones()]);
    return [...names].map((id) => ({ id, name: toName(id), aside: notes.get(id) ?? '' }));
  }, [value, first]);
  return <ChoiceList label="Time zones" choices={choices} chosen={value} onChoose={onChoose} />;
}

/** Returns the name as people write it: `America/New York`. */
const toName = (zone: string) => zone.replaceAll('_', ' ');
