import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { HistogramAnswer, HistogramQuery } from '../../api/answers.ts';
import { histogramQuery } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';
import { BarChart } from '../../components/bar-chart.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Card, CardBody } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { cn } from '../../lib/class-names.ts';
import { dayAt } from '../../lib/day-range.ts';
import { formatAmount, formatDay, formatHour } from '../../lib/format.ts';

type HistogramProps = { query: HistogramQuery; isCut: boolean; askedAtMs: number };

/** How many events match, hour by hour or day by day, above the events themselves. */
export function Histogram({ query, isCut, askedAtMs }: HistogramProps) {
  const { project } = useProject();
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...histogramQuery(project.id, query, askedAtMs),
    placeholderData: keepPreviousData,
  });
  return (
    <Card className={cn('transition-opacity', isPlaceholderData && 'opacity-60')}>
      {data ? (
        <Bars answer={data} isCut={isCut} />
      ) : error ? (
        <ErrorState what="Couldn't load the chart" error={error} onRetry={refetch} className="py-5" />
      ) : (
        <div role="status" aria-label="Loading" className="p-5">
          <Skeleton className="h-24" />
        </div>
      )}
    </Card>
  );
}

function Bars({ answer: { data, meta }, isCut }: { answer: HistogramAnswer; isCut: boolean }) {
  const { interval, timezone } = meta;
  const total = data.reduce((sum, { events }) => sum + events, 0);
  const bars = data.map(({ start, events }, index) => ({
    key: start,
    events,
    when: interval === 'day' ? dayName(start, timezone) : formatHour(start, timezone),
    isOpen: index === data.length - 1,
  }));
  const unit = interval === 'day' ? 'day' : 'hour';
  return (
    <CardBody className="pt-4">
      <p className="mb-3 flex flex-wrap justify-between gap-x-4 text-note text-soft">
        <span>
          <span className="font-medium text-foreground">{formatAmount(total, 'event')}</span>
          {isCut && ` in the last ${formatAmount(data.length, unit)}`}
        </span>
        <span>
          By {unit} in {timezone}
        </span>
      </p>
      <BarChart label={`Events per ${unit}, oldest first`} bars={bars} className="h-20" />
      <p aria-hidden className="mt-2 flex justify-between text-soft text-xs">
        <span>{bars[0]?.when}</span>
        <span>{bars.at(-1)?.when}</span>
      </p>
    </CardBody>
  );
}

const dayName = (start: string, timezone: string) => formatDay(dayAt(timezone, Date.parse(start)));
