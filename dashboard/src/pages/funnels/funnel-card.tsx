import { Download, Filter } from 'lucide-react';
import type { FunnelAnswer } from '../../api/answers.ts';
import { InfoTip } from '../../components/info-tip.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { downloadText } from '../../lib/download.ts';
import { formatAmount, formatCount, formatShare, formatSpan } from '../../lib/format.ts';
import { type FunnelStep, listGroups, renderFunnelCsv } from './funnel-csv.ts';

/** The steps with how many people did them, how long they took, and how many stopped there. */
export function FunnelCard({ answer }: { answer: FunnelAnswer }) {
  const { meta } = answer;
  const groups = listGroups(answer);
  const isEmpty = groups.every(({ steps }) => (steps[0]?.users ?? 0) === 0);
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-1.5">
            People per step
            <InfoTip about="Funnel">{meta.definitions.users}</InfoTip>
          </span>
        }
        actions={
          !isEmpty && (
            <Button
              size="sm"
              onClick={() => downloadText(`funnel-${meta.start}-${meta.end}.csv`, renderFunnelCsv(groups))}
            >
              <Download aria-hidden />
              CSV
            </Button>
          )
        }
      />
      {isEmpty ? (
        <EmptyState icon={Filter} title="No people at the first step in this range">
          Choose a longer range, or another first event.
        </EmptyState>
      ) : (
        <CardBody className="grid gap-6">
          {groups.map(({ name, steps }) => (
            <section key={name} aria-label={name || 'Funnel'} className="grid gap-2">
              {name !== '' && (
                <h3 className="font-medium text-sm">
                  <bdi>{name}</bdi>
                </h3>
              )}
              <Steps steps={steps} />
            </section>
          ))}
        </CardBody>
      )}
    </Card>
  );
}

function Steps({ steps }: { steps: readonly FunnelStep[] }) {
  return (
    <ol className="grid gap-3">
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place; the same event may be in several.
        <li key={index} className="grid gap-1.5">
          <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 text-note">
            <span className="min-w-0 truncate font-medium">
              {index + 1}. <bdi>{step.event_name}</bdi>
            </span>
            <span className="tabular-nums">
              {formatAmount(step.users, 'person', 'people')}
              {step.conversion !== null && (
                <span className="text-soft"> · {formatShare(step.conversion)} of the first step</span>
              )}
            </span>
          </div>
          <div aria-hidden className="h-6 overflow-hidden rounded-md bg-muted">
            <div
              className="h-full rounded-md bg-chart-1"
              style={{ width: `${(step.conversion ?? 0) * 100}%` }}
            />
          </div>
          {index > 0 && <StepNote step={step} before={steps[index - 1]?.users ?? 0} />}
        </li>
      ))}
    </ol>
  );
}

function StepNote({ step, before }: { step: FunnelStep; before: number }) {
  const { conversion_from_previous: rate, median_seconds: seconds, users } = step;
  const parts = [
    rate === null ? undefined : `${formatShare(rate)} of the previous step`,
    `${formatCount(before - users)} dropped off`,
    seconds === null ? undefined : `Median time ${formatSpan(Math.round(seconds))}`,
  ];
  return <p className="text-soft text-xs tabular-nums">{parts.filter(Boolean).join(' · ')}</p>;
}
