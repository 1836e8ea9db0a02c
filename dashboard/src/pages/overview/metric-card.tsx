import { ArrowDown, ArrowUp, Minus } from 'lucide-react';
import { InfoTip } from '../../components/info-tip.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { cn } from '../../lib/class-names.ts';
import { formatChange, formatCount } from '../../lib/format.ts';
import {
  type Comparison,
  chartValue,
  findAverageUsers,
  findChange,
  formatTotal,
  METRIC_LABELS,
  type Metric,
} from './metrics.ts';

type MetricCardProps = {
  metric: Metric;
  comparison: Comparison;
  /** The shown currency, and all there are. */
  currency: string;
  currencies: readonly string[];
  onCurrency: (currency: string) => void;
  /** The distinct users of the whole range; undefined while loading, null if they could not be loaded. */
  uniqueUsers: number | null | undefined;
  definition: string | undefined;
  isShown: boolean;
  onShow: () => void;
};

/** A metric's value, change and sparkline. A click shows it in the chart. */
export function MetricCard(props: MetricCardProps) {
  const { metric, comparison, currency, currencies, definition, isShown, onShow } = props;
  const { label } = METRIC_LABELS[metric];
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
        {metric === 'revenue' && currencies.length > 1 && <CurrencySelect {...props} />}
      </div>
      <Headline {...props} />
      <div className="mt-auto pt-3">
        {comparison.current.length > 1 && (
          <Sparkline
            values={comparison.current.map((row) => chartValue(row, metric, currency))}
            label={METRIC_LABELS[metric].perDay}
            className="h-7 w-full"
          />
        )}
      </div>
    </li>
  );
}

function Headline({ metric, comparison, currency, uniqueUsers }: MetricCardProps) {
  const { aggregate } = METRIC_LABELS[metric];
  const change = findChange(comparison, metric, currency);
  const average = findAverageUsers(comparison);
  const users = uniqueUsers === undefined ? '…' : uniqueUsers === null ? '—' : formatCount(uniqueUsers);
  const value = metric === 'dau' ? users : formatTotal(comparison.current, metric, currency);
  const note =
    metric === 'dau'
      ? average === undefined
        ? 'No full day yet'
        : `${aggregate} ${formatCount(Math.round(average))}`
      : aggregate;
  return (
    <>
      <p className="mt-1 truncate font-semibold text-2xl tabular-nums tracking-tight">{value}</p>
      <div className="mt-0.5 flex min-h-5 flex-wrap items-center gap-x-2 text-soft text-xs">
        {change && !(metric === 'dau' && average === undefined) && <Change {...change} />}
        <span className="truncate tabular-nums">{note}</span>
      </div>
    </>
  );
}

function Change({ now, before }: { now: number; before: number }) {
  // There is no percentage from zero.
  if (before === 0) return now === 0 ? null : <span className="font-medium text-good">New</span>;
  const difference = now - before;
  const Icon = difference === 0 ? Minus : difference > 0 ? ArrowUp : ArrowDown;
  const tone = difference === 0 ? 'text-soft' : difference > 0 ? 'text-good' : 'text-bad';
  return (
    <span className={cn('inline-flex items-center gap-0.5 font-medium tabular-nums', tone)}>
      <Icon className="size-3" strokeWidth={2.5} aria-hidden />
      {formatChange(now, before)}
    </span>
  );
}

/** The currency of revenue: each is counted by itself, nothing is converted. */
function CurrencySelect({ currency, currencies, onCurrency }: MetricCardProps) {
  return (
    <select
      aria-label="Currency"
      value={currency}
      onChange={({ target }) => onCurrency(target.value)}
      className="-my-0.5 relative z-10 ml-auto h-6 rounded-md border border-input bg-surface px-1 text-base text-soft sm:text-xs"
    >
      {currencies.map((code) => (
        <option key={code}>{code}</option>
      ))}
    </select>
  );
}
