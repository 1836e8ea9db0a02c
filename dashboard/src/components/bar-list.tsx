import type { ReactNode } from 'react';

/** One bar: `weight` is its relative length, `value` the text. */
export type Bar = {
  key: string;
  label: ReactNode;
  weight: number;
  value: string;
  /** A share of the whole, as text. */
  aside?: string | undefined;
};

/** A bar chart of named values, largest first. A list for screen readers. */
export function BarList({ label, bars }: { label: string; bars: readonly Bar[] }) {
  const top = Math.max(...bars.map(({ weight }) => weight), 0);
  return (
    <ol aria-label={label} className="grid gap-1">
      {bars.map(({ key, label: name, weight, value, aside }) => (
        <li key={key} className="relative flex h-8 items-center gap-3 rounded-md px-2.5 text-note">
          <span
            aria-hidden
            className="absolute inset-y-0 left-0 rounded-md bg-chart-1/12 transition-[width] duration-300 dark:bg-chart-1/18"
            style={{ width: `${top > 0 && weight > 0 ? Math.max(0.5, (weight / top) * 100) : 0}%` }}
          />
          <span className="relative min-w-0 flex-1 truncate">{name}</span>
          <span className="relative font-medium tabular-nums">{value}</span>
          {aside !== undefined && (
            <span className="relative w-12 text-right text-soft text-xs tabular-nums">{aside}</span>
          )}
        </li>
      ))}
    </ol>
  );
}
