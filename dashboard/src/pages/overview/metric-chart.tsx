import { type PointerEvent, useId, useState } from 'react';
import { cn } from '../../lib/class-names.ts';
import { formatCompact } from '../../lib/format.ts';
import { usePressedOutside } from '../../lib/use-pressed-outside.ts';
import { AnnotationMarks, type PlacedAnnotation } from './chart-annotations.tsx';
import { areaPath, axisTicks, labeledDays, linePath, nearestDay, xPercent, yPercent } from './chart-scale.ts';
import type { ChartPoint } from './metrics.ts';

type MetricChartProps = {
  points: readonly ChartPoint[];
  /** Describes the chart. */
  label: string;
  isMoney: boolean;
  annotations: readonly PlacedAnnotation[];
};

const LINES = 4;
const NAMED_MAX = 8;

/**
 * A metric day by day: complete days as a line, incomplete ones dotted, the previous period dashed. Drawn in a square of
 * 100 that is stretched, so that it needs no measuring and never overflows its card.
 */
export function MetricChart({ points, label, isMoney, annotations }: MetricChartProps) {
  const [chosen, setChosen] = useState<number>();
  const values = points.flatMap(({ complete, open, previous }) => [complete, open, previous]);
  const ticks = axisTicks(
    values.filter((value) => value !== null),
    LINES,
    !isMoney,
  );
  const point = chosen === undefined ? undefined : points[chosen];
  const chart = usePressedOutside<HTMLDivElement>(chosen !== undefined, () => setChosen(undefined));
  const choose = ({ currentTarget, clientX }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    setChosen(nearestDay((clientX - left) / width, points.length));
  };
  return (
    <figure aria-label={label} className="relative h-full overflow-hidden pt-2 pr-3 pb-8 pl-12">
      <div
        ref={chart}
        className="relative h-full touch-pan-y"
        onPointerMove={choose}
        onPointerDown={choose}
        // A finger "leaves" when it is lifted: what it tapped stays until the next tap.
        onPointerLeave={({ pointerType }) => pointerType === 'mouse' && setChosen(undefined)}
      >
        <GridLines ticks={ticks} />
        <AnnotationMarks annotations={annotations} length={points.length} />
        <Lines points={points} ticks={ticks} />
        <Dots points={points} ticks={ticks} chosen={chosen} />
        <DayNames points={points} />
        {point && chosen !== undefined && (
          <div
            aria-hidden
            className={cn(
              'pointer-events-none absolute top-2 z-10',
              chosen * 2 < points.length ? 'ml-3' : '-ml-3 -translate-x-full',
            )}
            style={{ left: `${xPercent(chosen, points.length)}%` }}
          >
            <PointCard point={point} notes={annotations.filter(({ index }) => index === chosen)} />
          </div>
        )}
        <DayInput label={label} points={points} chosen={chosen} onChoose={setChosen} />
      </div>
    </figure>
  );
}

type DrawnProps = { points: readonly ChartPoint[]; ticks: readonly number[] };

function GridLines({ ticks }: Pick<DrawnProps, 'ticks'>) {
  return ticks.map((tick) => (
    <div
      key={tick}
      aria-hidden
      className="absolute inset-x-0 border-t text-soft text-xs"
      style={{ top: `${yPercent(tick, ticks)}%` }}
    >
      <span className="absolute right-full mr-2.5 -translate-y-1/2 tabular-nums">{formatCompact(tick)}</span>
    </div>
  ));
}

function Lines({ points, ticks }: DrawnProps) {
  const fill = useId();
  const complete = points.map((point) => point.complete);
  return (
    <svg
      aria-hidden
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      className="absolute inset-0 size-full overflow-visible fill-none stroke-2 *:[vector-effect:non-scaling-stroke]"
      strokeLinejoin="round"
    >
      <linearGradient id={fill} x1="0" y1="0" x2="0" y2="1">
        <stop offset="0%" stopColor="var(--color-chart-1)" stopOpacity={0.22} />
        <stop offset="100%" stopColor="var(--color-chart-1)" stopOpacity={0} />
      </linearGradient>
      <path d={areaPath(complete, ticks)} fill={`url(#${fill})`} />
      <path
        d={linePath(
          points.map(({ previous }) => previous),
          ticks,
        )}
        className="stroke-[1.5px] stroke-soft/65"
        strokeDasharray="5 4"
      />
      <path d={linePath(complete, ticks)} className="stroke-chart-1" />
      <path
        d={linePath(
          points.map(({ open }) => open),
          ticks,
        )}
        className="stroke-chart-1"
        strokeDasharray="1 5"
        strokeLinecap="round"
      />
    </svg>
  );
}

/** Dots for the incomplete day, for single days, and for the selected one. */
function Dots({ points, ticks, chosen }: DrawnProps & { chosen: number | undefined }) {
  const last = points.length - 1;
  return points.map(({ date, complete, open, previous }, index) => {
    const isShown = index === chosen || points.length === 1;
    const isOpen = index === last && complete === null;
    const value = complete ?? open;
    const left = `${xPercent(index, points.length)}%`;
    return (
      <div key={date} aria-hidden className="pointer-events-none">
        {index === chosen && <div className="absolute inset-y-0 w-px bg-input" style={{ left }} />}
        {isShown && previous !== null && (
          <Dot left={left} top={yPercent(previous, ticks)} className="bg-soft ring-surface" />
        )}
        {(isShown || isOpen) && value !== null && (
          <Dot
            left={left}
            top={yPercent(value, ticks)}
            className={isOpen ? 'bg-surface ring-chart-1' : 'bg-chart-1 ring-surface'}
          />
        )}
      </div>
    );
  });
}

function Dot({ left, top, className }: { left: string; top: number; className: string }) {
  return (
    <span
      className={cn('absolute size-1.5 -translate-1/2 rounded-full ring-2', className)}
      style={{ left, top: `${top}%` }}
    />
  );
}

function DayNames({ points }: Pick<DrawnProps, 'points'>) {
  return labeledDays(points.length, NAMED_MAX).map((index, place) => (
    <span
      key={index}
      aria-hidden
      className={cn(
        'absolute top-full mt-3 -translate-x-1/2 whitespace-nowrap text-soft text-xs',
        place % 2 === 1 && 'max-lg:hidden',
      )}
      style={{ left: `${xPercent(index, points.length)}%` }}
    >
      {points[index]?.name}
    </span>
  ));
}

type DayInputProps = {
  label: string;
  points: readonly ChartPoint[];
  chosen: number | undefined;
  onChoose: (index: number | undefined) => void;
};

/** The chart for keyboard and screen readers: a slider over the days, visible only by its focus ring. */
function DayInput({ label, points, chosen, onChoose }: DayInputProps) {
  const last = points.length - 1;
  const at = chosen ?? last;
  const point = points[at];
  return (
    <input
      type="range"
      aria-label={`${label}, day by day`}
      aria-valuetext={point && describePoint(point)}
      min={0}
      max={last}
      value={at}
      onChange={({ target }) => onChoose(Number(target.value))}
      onFocus={() => onChoose(at)}
      onBlur={() => onChoose(undefined)}
      className="pointer-events-none absolute inset-0 size-full appearance-none rounded-md bg-transparent [&::-moz-range-thumb]:opacity-0 [&::-webkit-slider-thumb]:opacity-0"
    />
  );
}

const noteOf = ({ complete }: ChartPoint) => (complete === null ? ' (so far)' : '');

function describePoint(point: ChartPoint): string {
  const { title, text, previousTitle, previousText } = point;
  const before = previousTitle === undefined ? '' : `; ${previousTitle}: ${previousText}`;
  return `${title}${noteOf(point)}: ${text}${before}`;
}

function PointCard({ point, notes }: { point: ChartPoint; notes: readonly PlacedAnnotation[] }) {
  const { title, text, previousTitle, previousText } = point;
  return (
    <div className="max-w-64 whitespace-nowrap rounded-lg border bg-raised px-3 py-2 text-xs shadow-pop">
      <p className="flex items-baseline justify-between gap-5">
        <span className="text-soft">{title + noteOf(point)}</span>
        <span className="font-semibold text-note tabular-nums">{text}</span>
      </p>
      {previousTitle && (
        <p className="mt-0.5 flex items-baseline justify-between gap-5 text-soft">
          <span>{previousTitle}</span>
          <span className="tabular-nums">{previousText}</span>
        </p>
      )}
      {notes.map(({ id, text: note }) => (
        <p key={id} className="mt-1 flex items-center gap-1.5">
          <span className="size-1.5 shrink-0 rounded-full bg-warn" />
          <span className="truncate">{note}</span>
        </p>
      ))}
    </div>
  );
}
