import { type PointerEvent, useState } from 'react';
import { DAY_MS, HOUR_MS } from '../../../../src/lib/durations.ts';
import { cn } from '../../lib/class-names.ts';
import { formatCompact, formatCount, formatDay } from '../../lib/format.ts';
import { usePressedOutside } from '../../lib/use-pressed-outside.ts';
import { axisTicks, labeledDays, yPercent } from '../overview/chart-scale.ts';
import { OUTCOME_LABELS } from './outcomes.ts';
import type { Outcome, Period } from './summarize.ts';

type OutcomeChartProps = {
  periods: readonly Period[];
  periodMs: number;
  /** Describes the chart. */
  label: string;
  /** What is shown, from below. */
  outcomes: readonly Outcome[];
};

const LINES = 4;
const NAMED_MAX = 8;

const sumOf = (period: Period, outcomes: readonly Outcome[]) =>
  outcomes.reduce((sum, outcome) => sum + period[outcome], 0);

/** Stacked bars, one per period, oldest first. The values of a bar show on hover, on tap and by keyboard. */
export function OutcomeChart({ periods, periodMs, label, outcomes }: OutcomeChartProps) {
  const [chosen, setChosen] = useState<number>();
  const ticks = axisTicks(
    periods.map((period) => sumOf(period, outcomes)),
    LINES,
    true,
  );
  const chart = usePressedOutside<HTMLDivElement>(chosen !== undefined, () => setChosen(undefined));
  const choose = ({ currentTarget, clientX }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const place = Math.floor(((clientX - left) / width) * periods.length);
    setChosen(Math.min(periods.length - 1, Math.max(0, place)));
  };
  const shown = chosen === undefined ? undefined : periods[chosen];
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
        <div aria-hidden className="absolute inset-0 flex items-stretch">
          {periods.map((period, index) => (
            <Bar
              key={period.at}
              period={period}
              outcomes={outcomes}
              top={ticks.at(-1) ?? 1}
              isDimmed={chosen !== undefined && chosen !== index}
            />
          ))}
        </div>
        <PeriodNames periods={periods} periodMs={periodMs} />
        {shown && chosen !== undefined && (
          <div
            aria-hidden
            className={cn(
              'pointer-events-none absolute top-2 z-10',
              chosen * 2 < periods.length ? 'ml-4' : '-ml-4 -translate-x-full',
            )}
            style={{ left: `${((chosen + 0.5) / periods.length) * 100}%` }}
          >
            <PeriodCard period={shown} periodMs={periodMs} outcomes={outcomes} />
          </div>
        )}
        <PeriodInput
          label={label}
          periods={periods}
          chosen={chosen}
          describe={(period) => describePeriod(period, periodMs, outcomes)}
          onChoose={setChosen}
        />
      </div>
    </figure>
  );
}

function GridLines({ ticks }: { ticks: readonly number[] }) {
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

type BarProps = { period: Period; outcomes: readonly Outcome[]; top: number; isDimmed: boolean };

function Bar({ period, outcomes, top, isDimmed }: BarProps) {
  return (
    <div
      className={cn(
        'flex min-w-0 flex-1 flex-col-reverse px-px transition-opacity sm:px-0.5',
        isDimmed && 'opacity-45',
      )}
    >
      {outcomes.map((outcome) =>
        period[outcome] === 0 ? null : (
          <span
            key={outcome}
            // Few of them must still be seen: they are what the page is about.
            className={cn('min-h-0.5 w-full last:rounded-t-[3px]', OUTCOME_LABELS[outcome].color)}
            style={{ height: `${(period[outcome] / top) * 100}%` }}
          />
        ),
      )}
    </div>
  );
}

function PeriodNames({ periods, periodMs }: Pick<OutcomeChartProps, 'periods' | 'periodMs'>) {
  return labeledDays(periods.length, NAMED_MAX).map((index, place) => (
    <span
      key={index}
      aria-hidden
      className={cn(
        'absolute top-full mt-3 -translate-x-1/2 whitespace-nowrap text-soft text-xs',
        place % 2 === 1 && 'max-lg:hidden',
      )}
      style={{ left: `${((index + 0.5) / periods.length) * 100}%` }}
    >
      {nameOnAxis(periods[index]?.at ?? 0, periodMs)}
    </span>
  ));
}

type PeriodInputProps = {
  label: string;
  periods: readonly Period[];
  chosen: number | undefined;
  describe: (period: Period) => string;
  onChoose: (index: number | undefined) => void;
};

/** The chart for keyboard and screen readers: a slider over the bars, visible only by its focus ring. */
function PeriodInput({ label, periods, chosen, describe, onChoose }: PeriodInputProps) {
  const last = periods.length - 1;
  const at = chosen ?? last;
  const period = periods[at];
  return (
    <input
      type="range"
      aria-label={`${label}, bar by bar`}
      aria-valuetext={period && describe(period)}
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

const timeOf = (instantMs: number) => new Date(instantMs).toISOString().slice(11, 16);
const dayOf = (instantMs: number, withYear = false) =>
  formatDay(new Date(instantMs).toISOString().slice(0, 10), withYear);

const nameOnAxis = (at: number, periodMs: number) =>
  periodMs > HOUR_MS || timeOf(at) === '00:00' ? dayOf(at) : timeOf(at);

function namePeriod(at: number, periodMs: number): string {
  if (periodMs >= DAY_MS) return dayOf(at, true);
  return `${dayOf(at)}, ${timeOf(at)} – ${timeOf(at + periodMs)} UTC`;
}

function describePeriod(period: Period, periodMs: number, outcomes: readonly Outcome[]): string {
  const values = outcomes.map(
    (outcome) => `${OUTCOME_LABELS[outcome].label.toLowerCase()} ${formatCount(period[outcome])}`,
  );
  return `${namePeriod(period.at, periodMs)}: ${values.join(', ')}`;
}

type PeriodCardProps = { period: Period; periodMs: number; outcomes: readonly Outcome[] };

function PeriodCard({ period, periodMs, outcomes }: PeriodCardProps) {
  return (
    <div className="whitespace-nowrap rounded-lg border bg-raised px-3 py-2 text-xs shadow-pop">
      <p className="text-soft">{namePeriod(period.at, periodMs)}</p>
      {outcomes.toReversed().map((outcome) => (
        <p key={outcome} className="mt-1 flex items-center gap-2">
          <span className={cn('size-2 rounded-full', OUTCOME_LABELS[outcome].color)} />
          <span className="flex-1">{OUTCOME_LABELS[outcome].label}</span>
          <span className="pl-4 font-semibold tabular-nums">{formatCount(period[outcome])}</span>
        </p>
      ))}
    </div>
  );
}
