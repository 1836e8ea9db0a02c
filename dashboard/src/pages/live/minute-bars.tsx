import { formatAmount, formatCount } from '../../lib/format.ts';

/** Events per minute, oldest first. The last bar still grows. */
export function MinuteBars({ minutes }: { minutes: readonly number[] }) {
  const top = Math.max(1, ...minutes);
  return (
    <ol
      aria-label="Events a minute, oldest first"
      className="flex min-h-28 flex-1 items-stretch gap-[2px] sm:gap-1"
    >
      {minutes.map((events, index) => {
        const ago = minutes.length - 1 - index;
        const when = ago === 0 ? 'last 60 seconds' : `${formatAmount(ago, 'minute')} before`;
        return (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: the index is the bar's time.
            key={index}
            className="group relative flex min-w-0 flex-1 items-end"
          >
            <span
              aria-hidden
              className={
                events === 0
                  ? 'h-px w-full bg-input'
                  : 'w-full rounded-t-[3px] bg-chart-1/80 transition-[height] duration-300 group-hover:bg-chart-1 group-last:bg-chart-1'
              }
              style={events === 0 ? undefined : { height: `${Math.max(3, (events / top) * 100)}%` }}
            />
            <span className="sr-only">
              {formatAmount(events, 'event')}, {when}
            </span>
            <span
              aria-hidden
              className="pointer-events-none absolute bottom-full left-1/2 z-10 mb-1 hidden -translate-x-1/2 whitespace-nowrap rounded-md bg-foreground px-2 py-1 text-background text-xs group-hover:block group-first:left-0 group-first:translate-x-0 group-last:right-0 group-last:left-auto group-last:translate-x-0"
            >
              {formatCount(events)} · {when}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
