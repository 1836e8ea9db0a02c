import type { IngestionAnswer } from '../../api/answers.ts';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { cn } from '../../lib/class-names.ts';
import type { IngestionRange } from './ingestion-range.ts';
import { OutcomeChart } from './outcome-chart.tsx';
import { OUTCOME_LABELS } from './outcomes.ts';
import { OUTCOMES, type Outcome, toPeriods } from './summarize.ts';

export type Shown = 'all' | 'problems';

type ChartCardProps = {
  answer: IngestionAnswer;
  range: IngestionRange;
  shown: Shown;
  onShow: (shown: Shown) => void;
};

/** What became of events over time. Without the accepted ones, the others can be compared. */
export function ChartCard({ answer, range, shown, onShow }: ChartCardProps) {
  const outcomes = OUTCOMES.filter((outcome) => shown === 'all' || outcome !== 'accepted');
  const title = `Events per ${range.per}`;
  return (
    <Card>
      <CardHeader
        title={title}
        description={<Legend outcomes={outcomes} />}
        actions={
          <Segmented
            label="Show"
            value={shown}
            onChange={onShow}
            options={[
              { value: 'all', label: 'Everything' },
              { value: 'problems', label: 'Problems only' },
            ]}
          />
        }
      />
      <CardBody className="px-2 sm:px-3">
        <div className="h-64">
          <OutcomeChart
            periods={toPeriods(answer, range.periodMs)}
            periodMs={range.periodMs}
            label={title}
            outcomes={outcomes}
          />
        </div>
      </CardBody>
    </Card>
  );
}

function Legend({ outcomes }: { outcomes: readonly Outcome[] }) {
  return (
    <span className="flex flex-wrap items-center gap-x-4 gap-y-0.5">
      {outcomes.map((outcome) => (
        <span key={outcome} className="inline-flex items-center gap-1.5">
          <span aria-hidden className={cn('size-2 rounded-full', OUTCOME_LABELS[outcome].color)} />
          {OUTCOME_LABELS[outcome].label}
        </span>
      ))}
      <span>By time of receipt, UTC</span>
    </span>
  );
}
