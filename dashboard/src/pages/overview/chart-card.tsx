import { useQuery } from '@tanstack/react-query';
import { Download, Flag } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useProject } from '../../api/project.ts';
import { annotationsQuery } from '../../api/saved.ts';
import { InfoTip } from '../../components/info-tip.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { Tooltip } from '../../components/ui/tooltip.tsx';
import { countDays, dayAt } from '../../lib/day-range.ts';
import { downloadText } from '../../lib/download.ts';
import { formatAmount, formatDay } from '../../lib/format.ts';
import { AnnotationsDialog } from './annotations-dialog.tsx';
import { AnnotationList, type PlacedAnnotation } from './chart-annotations.tsx';
import { renderCsv } from './chart-csv.ts';
import { intervalsFor, isAddable, placeDays } from './intervals.ts';
import { MetricChart } from './metric-chart.tsx';
import { type Comparison, chartPoints, formatValue, METRIC_LABELS, METRICS, type Metric } from './metrics.ts';
import type { OverviewParams } from './overview-queries.ts';
import { type Interval, nameOfPeriod } from './period-names.ts';
import { useChartData } from './use-chart-data.ts';

export type View = 'chart' | 'table';

type ChartCardProps = {
  metric: Metric;
  /** The days, which weeks and months are added up from. */
  days: Comparison;
  params: OverviewParams;
  definition: string | undefined;
  view: View;
  onView: (view: View) => void;
  onInterval: (interval: Interval) => void;
};

/** The metric over time, as a chart or as a table, with its annotations. */
export function ChartCard(props: ChartCardProps) {
  const { metric, days, params, view, definition } = props;
  const isTable = view === 'table';
  const { comparison, error, refetch } = useChartData(params, days, metric, isTable);
  const shown = comparison?.interval ?? params.interval;
  const name = isTable ? TABLE_TITLES[shown] : titleOf(metric, shown);
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-1">
            {name}
            {definition && !isTable && <InfoTip about={name}>{definition}</InfoTip>}
          </span>
        }
        description={
          isTable || !comparison ? (
            `Days in ${params.timezone}`
          ) : (
            <Legend comparison={comparison} isFixed={shown !== params.interval} />
          )
        }
        actions={<ChartActions {...props} comparison={comparison} />}
      />
      {comparison ? (
        <ChartBody {...props} comparison={comparison} name={name} />
      ) : error ? (
        <ErrorState what="Couldn't load the metrics" error={error} onRetry={refetch} />
      ) : (
        <div role="status" aria-label="Loading" className="px-5 pb-5">
          <Skeleton className="h-72" />
        </div>
      )}
    </Card>
  );
}

type ChartBodyProps = ChartCardProps & { comparison: Comparison; name: string };

function ChartBody({ metric, comparison, params: { currency }, view, name }: ChartBodyProps) {
  const annotations = usePlacedAnnotations(comparison);
  if (view === 'table') return <DaysTable metric={metric} comparison={comparison} currency={currency} />;
  return (
    <CardBody className="px-2 sm:px-3">
      <div className="h-72">
        <MetricChart
          points={chartPoints(comparison, metric, currency)}
          label={name}
          isMoney={metric === 'revenue'}
          annotations={annotations}
        />
      </div>
      <AnnotationList annotations={annotations} />
    </CardBody>
  );
}

const TABLE_TITLES = {
  hour: 'Hourly metrics',
  day: 'Daily metrics',
  week: 'Weekly metrics',
  month: 'Monthly metrics',
} as const;

/** The metrics that a table or a file of this interval has. */
const metricsOf = (interval: Interval) => METRICS.filter((metric) => isAddable(metric, interval));

const titleOf = (metric: Metric, interval: Interval) =>
  interval === 'day' ? METRIC_LABELS[metric].perDay : `${METRIC_LABELS[metric].label} per ${interval}`;

/** Returns the annotations of the shown days, by day. Without an answer there are none: the chart says more than they do. */
function usePlacedAnnotations(comparison: Comparison | undefined): PlacedAnnotation[] {
  const { project } = useProject();
  const { data = [] } = useQuery(annotationsQuery(project.id));
  const place = useMemo(() => comparison && placeDays(comparison), [comparison]);
  return data
    .flatMap((annotation) => {
      const index = place?.(annotation.date);
      return index === undefined ? [] : [{ ...annotation, index }];
    })
    .toSorted((a, b) => (a.date < b.date ? -1 : 1));
}

const INTERVAL_OPTIONS = [
  { value: 'hour', label: 'Hour' },
  { value: 'day', label: 'Day' },
  { value: 'week', label: 'Week' },
  { value: 'month', label: 'Month' },
] as const;

type ChartActionsProps = ChartCardProps & { comparison: Comparison | undefined };

function ChartActions(props: ChartActionsProps) {
  const { metric, comparison, params, view, onView, onInterval } = props;
  const { can } = useProject();
  const [isAnnotating, setAnnotating] = useState(false);
  const annotations = usePlacedAnnotations(comparison);
  const { first, last } = params.days;
  const offered = intervalsFor(countDays(params.days));
  const download = () => {
    if (!comparison) return;
    // Weeks of users are only in the chart: the file then has the chart's metric.
    const metrics = metricsOf(comparison.interval);
    const columns = metrics.includes(metric) || view === 'table' ? metrics : [metric];
    downloadText(`metrics-${first}-${last}.csv`, renderCsv(comparison, columns, metric, params.currency));
  };
  return (
    <>
      <Segmented
        label="Interval"
        value={params.interval}
        onChange={onInterval}
        options={INTERVAL_OPTIONS.filter(({ value }) => offered.includes(value))}
      />
      <Segmented
        label="Show as"
        value={view}
        onChange={onView}
        options={[
          { value: 'chart', label: 'Chart' },
          { value: 'table', label: 'Table' },
        ]}
      />
      {can('apps:write') && (
        <Tooltip content="Annotations">
          <Button size="icon" aria-label="Annotations" onClick={() => setAnnotating(true)}>
            <Flag aria-hidden />
          </Button>
        </Tooltip>
      )}
      <Tooltip content="Download CSV">
        <Button size="icon" aria-label="Download CSV" disabled={!comparison} onClick={download}>
          <Download aria-hidden />
        </Button>
      </Tooltip>
      {isAnnotating && (
        <AnnotationsDialog annotations={annotations} date={last} onClose={() => setAnnotating(false)} />
      )}
    </>
  );
}

/** `isFixed`: the metric does not have the interval that was chosen. */
type LegendProps = { comparison: Comparison; isFixed: boolean };

function Legend({ comparison, isFixed }: LegendProps) {
  const { timezone, current, previous, completeCount } = comparison;
  return (
    <span className="flex flex-wrap items-center gap-x-4 gap-y-0.5">
      <Key className="border-chart-1">{spanOf(comparison, current)}</Key>
      {previous.length > 0 && <Key className="border-soft border-dashed">{spanOf(comparison, previous)}</Key>}
      {completeCount < current.length && <Key className="border-chart-1 border-dotted">Today so far</Key>}
      <span>
        Days in {timezone}
        {isFixed && ": a session can be on several days, so they don't add up"}
      </span>
    </span>
  );
}

function Key({ className, children }: { className: string; children: string }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden className={`w-4 border-t-2 ${className}`} />
      {children}
    </span>
  );
}

function spanOf({ interval, timezone }: Comparison, rows: Comparison['current']): string {
  const dayOf = (date: string) => (interval === 'hour' ? dayAt(timezone, Date.parse(date)) : date);
  const [first, last] = [rows[0]?.date, rows.at(-1)?.date].map((date) => date && dayOf(date));
  if (!first || !last) return '';
  if (first === last) return formatDay(first, true);
  const isOneYear = first.slice(0, 4) === last.slice(0, 4);
  return `${formatDay(first, !isOneYear)} – ${formatDay(last, true)}`;
}

const PERIOD_HEADS = { hour: 'Hour', day: 'Day', week: 'Week', month: 'Month' } as const;

type DaysTableProps = { metric: Metric; comparison: Comparison; currency: string };

/** Every metric of every day, newest first, and the comparison values of the selected one. */
function DaysTable({ metric: shown, comparison, currency }: DaysTableProps) {
  const { interval, current, previous, completeCount } = comparison;
  const metrics = metricsOf(interval);
  const rows = current
    .map((row, index) => ({ row, before: previous[index], isOpen: index >= completeCount }))
    .toReversed();
  return (
    <div className="max-h-96 overflow-y-auto border-t">
      <Table label={`${TABLE_TITLES[interval]}, newest first`}>
        <thead>
          <HeadRow>
            <Head>{PERIOD_HEADS[interval]}</Head>
            {metrics.map((metric) => (
              <Head key={metric} className="text-right">
                {METRIC_LABELS[metric].label}
              </Head>
            ))}
            {previous.length > 0 && (
              <Head className="text-right">
                {METRIC_LABELS[shown].label}, {formatAmount(previous.length, interval)} earlier
              </Head>
            )}
          </HeadRow>
        </thead>
        <tbody>
          {rows.map(({ row, before, isOpen }) => (
            <Row key={row.date}>
              <Cell className="whitespace-nowrap">
                {nameOfPeriod(row.date, comparison, true)}
                {isOpen && <span className="ml-2 text-soft text-xs">so far</span>}
              </Cell>
              {metrics.map((metric) => (
                <Cell key={metric} className="text-right tabular-nums">
                  {formatValue(row, metric, currency)}
                </Cell>
              ))}
              {before && (
                <Cell className="text-right text-soft tabular-nums">
                  {formatValue(before, shown, currency)}
                </Cell>
              )}
            </Row>
          ))}
        </tbody>
      </Table>
    </div>
  );
}
