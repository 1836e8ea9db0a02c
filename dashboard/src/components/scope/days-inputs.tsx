import { useEffect, useState } from 'react';
import { type DayRange, formatDaySelection, parseDaySelection } from '../../lib/day-range.ts';
import { Input } from '../ui/input.tsx';

type DaysInputsProps = { range: DayRange; today: string; onChange: (range: DayRange) => void };

/** A first and a last day. `onChange` is called only if both are days, in order and not too far apart. */
export function DaysInputs({ range, today, onChange }: DaysInputsProps) {
  const [typed, setTyped] = useState(range);
  const { first, last } = range;
  useEffect(() => setTyped({ first, last }), [first, last]);
  const change = (next: DayRange) => {
    setTyped(next);
    const selection = parseDaySelection(formatDaySelection(next));
    if (selection && 'first' in selection) onChange(selection);
  };
  const isWrong = parseDaySelection(formatDaySelection(typed)) === undefined;
  const title = isWrong ? 'The first day must be before the last, at most 2,000 days apart' : undefined;
  return (
    <fieldset className="flex min-w-0 items-center gap-1.5">
      <legend className="sr-only">First and last day, both included</legend>
      <Input
        type="date"
        aria-label="First day"
        className="w-37"
        max={today}
        title={title}
        value={typed.first}
        aria-invalid={isWrong || undefined}
        onChange={({ target }) => change({ ...typed, first: target.value })}
      />
      <span className="text-soft" aria-hidden>
        –
      </span>
      <Input
        type="date"
        aria-label="Last day"
        className="w-37"
        max={today}
        title={title}
        value={typed.last}
        aria-invalid={isWrong || undefined}
        onChange={({ target }) => change({ ...typed, last: target.value })}
      />
    </fieldset>
  );
}
