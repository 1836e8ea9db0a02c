import { cn } from '../lib/class-names.ts';

const WIDTH = 100;
const HEIGHT = 24;

type SparklineProps = {
  /** Oldest first. */
  values: readonly number[];
  /** Describes the chart in words. */
  label: string;
  className?: string;
};

/** A small bar chart. Zero is a hairline, so that it differs from "no data". */
export function Sparkline({ values, label, className }: SparklineProps) {
  const top = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  const isEmpty = values.every((value) => value === 0);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className={cn('h-6 w-24', className)}
    >
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / top) * HEIGHT);
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: the index is the bar's time.
            key={index}
            x={index * step + step * 0.1}
            y={HEIGHT - height}
            width={step * 0.8}
            height={height}
            rx={1}
            className={value === 0 || isEmpty ? 'fill-border' : 'fill-chart-1'}
          />
        );
      })}
    </svg>
  );
}
