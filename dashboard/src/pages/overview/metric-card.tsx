import { ArrowDown, ArrowUp, Minus } from 'lucide-react';
import { InfoTip } from '../../components/info-tip.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { Tooltip } from '../../components/ui/tooltip.tsx';
import { cn } from '../../lib/class-names.ts';
import { formatChange, formatMoney } from '../../lib/format.ts';
import {
  type Comparison,
  chartValue,
  countedDays,
  findChange,
  METRIC_LABELS,
  type Metric,
  otherCurrencies,
  summarize,
} from './metrics.ts';

type MetricCardProps = {
  metric: Metric;
  comparison: Comparison;
  currency: string;
  definition: string | undefined;
  isShown: boolean;
  onShow: () => void;
};

/** A metric's value, change and sparkline. A click shows it in the chart. */
export function MetricCard({ metric, comparison, currency, definition, isShown, onShow }: MetricCardProps) {
  const { label, aggregate } = METRIC_LABELS[metric];
  const change = findChange(comparison, metric);
  return (
    <li
      className={cn(
        'relative flex min-w-0 flex-col rounded-xl border bg-surface px-4 pt-3.5 pb-4 shadow-card transition-colors hover:border-input',
        isShown && 'border-ring hover:border-ring',
      )}
    >
      <div className="flex items-center gap-1">
        <button
          type="button"
          aria-pressed={isShown}
          onClick={onShow}
          className="font-medium text-note text-soft outline-offset-4 after:absolute after:inset-0 after:rounded-xl"
        >
          {label}
          <span className="sr-only">, show in the chart</span>
        </button>
        {definition && <InfoTip about={label}>{definition}</InfoTip>}
      </div>
      <p className="mt-1 truncate font-semibold text-2xl tabular-nums tracking-tight">
        {summarize(countedDays(comparison, metric), metric, currency)}
      </p>
      <div className="mt-0.5 flex min-h-5 flex-wrap items-center gap-x-2 text-soft text-xs">
        {change && <Change {...change} />}
        <span className="truncate">{aggregate}</span>
      </div>
      {metric === 'revenue' && <OtherCurrencies comparison={comparison} currency={currency} />}
      <div className="mt-auto pt-3">
        {comparison.current.length > 1 && (
          <Sparkline
            values={comparison.current.map((row) => chartValue(row, metric))}
            label={`${label} of each day`}
            className="h-7 w-full"
          />
        )}
      </div>
    </li>
  );
}

function Change({ now, before }: { now: number; before: number }) {
  const difference = now - before;
  // There is no percentage from zero.
  const text = formatChange(now, before) ?? (difference === 0 ? 'No change' : 'From 0');
  const Icon = difference === 0 ? Minus : difference > 0 ? ArrowUp : ArrowDown;
  const tone = difference === 0 ? 'text-soft' : difference > 0 ? 'text-good' : 'text-bad';
  return (
    <span className={cn('inline-flex items-center gap-0.5 font-medium tabular-nums', tone)}>
      <Icon className="size-3" strokeWidth={2.5} aria-hidden />
      {text}
    </span>
  );
}

function OtherCurrencies({ comparison, currency }: Pick<MetricCardProps, 'comparison' | 'currency'>) {
  const others = otherCurrencies(comparison.current, currency).map((other) =>
    formatMoney(other.sum, other.currency),
  );
  if (others.length === 0) return null;
  return (
    <Tooltip content={`Other currencies, not converted: ${others.join(', ')}`}>
      <button
        type="button"
        className="relative z-10 mt-0.5 truncate text-left text-soft text-xs tabular-nums"
      >
        + {others.length === 1 ? others[0] : `${others.length} other currencies`}
      </button>
    </Tooltip>
  );
}
