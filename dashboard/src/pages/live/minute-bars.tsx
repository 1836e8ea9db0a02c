import { type PointerEvent, useState } from 'react';
import { cn } from '../../lib/class-names.ts';
import { formatAmount, formatCount } from '../../lib/format.ts';
import { usePressedOutside } from '../../lib/use-pressed-outside.ts';

/** Events per minute, oldest first. The last bar still grows. A bar's value shows on hover and on tap. */
export function MinuteBars({ minutes }: { minutes: readonly number[] }) {
  const [chosen, setChosen] = useState<number>();
  const list = usePressedOutside<HTMLOListElement>(chosen !== undefined, () => setChosen(undefined));
  const choose = ({ currentTarget, clientX }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const place = Math.floor(((clientX - left) / width) * minutes.length);
    setChosen(Math.min(minutes.length - 1, Math.max(0, place)));
  };
  const top = Math.max(1, ...minutes);
  return (
    <ol
      ref={list}
      aria-label="Events per minute, oldest first"
      className="flex min-h-28 flex-1 touch-pan-y items-stretch"
      onPointerMove={choose}
      onPointerDown={choose}
      // A finger "leaves" when it is lifted: what it tapped stays until the next tap.
      onPointerLeave={({ pointerType }) => pointerType === 'mouse' && setChosen(undefined)}
    >
      {minutes.map((events, index) => (
        <Minute
          // biome-ignore lint/suspicious/noArrayIndexKey: the index is the bar's time.
          key={index}
          events={events}
          share={events / top}
          ago={minutes.length - 1 - index}
          isFirstHalf={index * 2 < minutes.length}
          isChosen={index === chosen}
        />
      ))}
    </ol>
  );
}

type MinuteProps = {
  events: number;
  /** Of the highest bar, 0–1. */
  share: number;
  /** Minutes ago. */
  ago: number;
  isFirstHalf: boolean;
  isChosen: boolean;
};

function Minute({ events, share, ago, isFirstHalf, isChosen }: MinuteProps) {
  const when = ago === 0 ? 'last 60 seconds' : `${formatAmount(ago, 'minute')} ago`;
  return (
    <li className="relative flex min-w-0 flex-1 items-end px-px sm:px-0.5">
      <span
        aria-hidden
        className={cn(
          'w-full',
          events === 0 ? 'h-px bg-input' : 'rounded-t-[3px] bg-chart-1 transition-[height] duration-300',
          events > 0 && !isChosen && ago > 0 && 'bg-chart-1/80',
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
