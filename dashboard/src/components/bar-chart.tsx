import { type PointerEvent, useState } from 'react';
import { cn } from '../lib/class-names.ts';
import { formatAmount, formatCount } from '../lib/format.ts';
import { usePressedOutside } from '../lib/use-pressed-outside.ts';

/** One bar: how many events, and when. `isOpen` if it can still grow. */
export type TimeBar = { key: string; events: number; when: string; isOpen: boolean };

type BarChartProps = { label: string; bars: readonly TimeBar[]; className?: string };

/** Events over time, oldest first. A bar's value shows on hover and on tap. A list for screen readers. */
export function BarChart({ label, bars, className }: BarChartProps) {
  const [chosen, setChosen] = useState<number>();
  const list = usePressedOutside<HTMLOListElement>(chosen !== undefined, () => setChosen(undefined));
  const choose = ({ currentTarget, clientX }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const place = Math.floor(((clientX - left) / width) * bars.length);
    setChosen(Math.min(bars.length - 1, Math.max(0, place)));
  };
  const top = Math.max(1, ...bars.map(({ events }) => events));
  const isDense = bars.length > 60;
  return (
    <ol
      ref={list}
      aria-label={label}
      className={cn('flex touch-pan-y items-stretch', className)}
      onPointerMove={choose}
      onPointerDown={choose}
      // A finger "leaves" when it is lifted: what it tapped stays until the next tap.
      onPointerLeave={({ pointerType }) => pointerType === 'mouse' && setChosen(undefined)}
    >
      {bars.map((bar, index) => (
        <Bar
          key={bar.key}
          bar={bar}
          share={bar.events / top}
          isDense={isDense}
          isFirstHalf={index * 2 < bars.length}
          isChosen={index === chosen}
        />
      ))}
    </ol>
  );
}

type BarProps = {
  bar: TimeBar;
  /** Of the highest bar, 0–1. */
  share: number;
  isDense: boolean;
  isFirstHalf: boolean;
  isChosen: boolean;
};

function Bar({ bar: { events, when, isOpen }, share, isDense, isFirstHalf, isChosen }: BarProps) {
  return (
    <li className={cn('relative flex min-w-0 flex-1 items-end', !isDense && 'px-px sm:px-0.5')}>
      <span
        aria-hidden
        className={cn(
          'w-full',
          events === 0 ? 'h-px bg-input' : 'rounded-t-[3px] bg-chart-1 transition-[height] duration-300',
          events > 0 && !isChosen && !isOpen && 'bg-chart-1/80',
        )}
        style={events === 0 ? undefined : { height: `${Math.max(3, share * 100)}%` }}
      />
      <span className="sr-only">
        {formatAmount(events, 'event')}, {when}
      </span>
      {isChosen && (
        <span
          aria-hidden
          className={cn(
            'pointer-events-none absolute bottom-full z-10 mb-1 whitespace-nowrap rounded-md bg-foreground px-2 py-1 text-background text-xs',
            isFirstHalf ? 'left-0' : 'right-0',
          )}
        >
          {formatCount(events)} · {when}
        </span>
      )}
    </li>
  );
}
