import { InfoTip } from '../../components/info-tip.tsx';
import { cn } from '../../lib/class-names.ts';
import { formatAmount, formatCount, formatShare } from '../../lib/format.ts';
import { OUTCOME_LABELS } from './outcomes.ts';
import { type Counts, countEvents, OUTCOMES, type Outcome } from './summarize.ts';

/** The sums of the range, and the share of each outcome among the events. */
export function OutcomeTotals({ totals }: { totals: Counts }) {
  return (
    <ul aria-label="Totals" className="grid grid-cols-2 gap-3 xl:grid-cols-4">
      {OUTCOMES.map((outcome) => (
        <Total key={outcome} outcome={outcome} totals={totals} />
      ))}
    </ul>
  );
}

function Total({ outcome, totals }: { outcome: Outcome; totals: Counts }) {
  const { label, definition, color } = OUTCOME_LABELS[outcome];
  const count = totals[outcome];
  return (
    <li className="min-w-0 rounded-xl border bg-surface px-4 pt-3.5 pb-4 shadow-card">
      <div className="flex items-center gap-1.5">
        <span aria-hidden className={cn('size-2 shrink-0 rounded-full', color)} />
        <h2 className="truncate font-medium text-note text-soft">{label}</h2>
        <InfoTip about={label}>{definition}</InfoTip>
      </div>
      <p className="mt-1 truncate font-semibold text-2xl tabular-nums tracking-tight">{formatCount(count)}</p>
      <p className="mt-0.5 min-h-5 text-soft text-xs tabular-nums">{noteOf(outcome, totals)}</p>
    </li>
  );
}

function noteOf(outcome: Outcome, totals: Counts): string {
  const events = countEvents(totals);
  if (outcome === 'refused') return 'Whole requests';
  if (events === 0) return '—';
  return `${formatShare(totals[outcome] / events)} of ${formatAmount(events, 'event')}`;
}
