import { useQuery } from '@tanstack/react-query';
import { Download, Flag } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useProject } from '../../api/project.ts';
import { annotationsQuery } from '../../api/saved.ts';
import { InfoTip } from '../../components/info-tip.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { Tooltip } from '../../components/ui/tooltip.tsx';
import { downloadText } from '../../lib/download.ts';
import { formatAmount, formatDay } from '../../lib/format.ts';
import { AnnotationsDialog } from './annotations-dialog.tsx';
import { AnnotationList, type PlacedAnnotation } from './chart-annotations.tsx';
import { renderCsv } from './chart-csv.ts';
import { findPoint, groupDays, intervalOf } from './intervals.ts';
import { MetricChart } from './metric-chart.tsx';
import { type Comparison, chartPoints, formatValue, METRIC_LABELS, METRICS, type Metric } from './metrics.ts';
import { type Interval, nameOfPeriod } from './period-names.ts';

export type View = 'chart' | 'table';

type ChartCardProps = {
  metric: Metric;
  comparison: Comparison;
  currency: string;
  timezone: string;
  definition: string | undefined;
  view: View;
  onView: (view: View) => void;
  /** The interval that was chosen; metrics whose days do not add up stay daily. */
  wanted: Interval;
  onInterval: (interval: Interval) => void;
};

/** The metric over time, as a chart or as a table, with its annotations. */
export function ChartCard(props: ChartCardProps) {
  const { metric, comparison: days, currency, timezone, definition, view, wanted } = props;
  // The table has all metrics: those that add up, for weeks and months.
  const interval = view === 'table' ? wanted : intervalOf(metric, wanted);
  const comparison = useMemo(() => groupDays(days, interval), [days, interval]);
  const name = view === 'table' ? TABLE_TITLES[interval] : titleOf(metric, interval);
  const annotations = usePlacedAnnotations(comparison);
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-1">
            {name}
            {definition && view === 'chart' && <InfoTip about={name}>{definition}</InfoTip>}
          </span>
        }
        description={
          view === 'table' ? (
            `Days in ${timezone}`
          ) : (
            <Legend comparison={comparison} timezone={timezone} isFixed={interval !== wanted} />
          )
        }
        actions={<ChartActions {...props} comparison={comparison} annotations={annotations} />}
      />
      {view === 'table' ? (
        <DaysTable metric={metric} comparison={comparison} currency={currency} />
      ) : (
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
      )}
    </Card>
  );
}

const TABLE_TITLES = { day: 'Daily metrics', week: 'Weekly metrics', month: 'Monthly metrics' } as const;

/** The metrics that a table or a file of this interval has. */
const metricsOf = (interval: Interval) =>
  METRICS.filter((metric) => intervalOf(metric, interval) === interval);

const titleOf = (metric: Metric, interval: Interval) =>
  interval === 'day' ? METRIC_LABELS[metric].perDay : `${METRIC_LABELS[metric].label} per ${interval}`;

/** Returns the annotations of the shown days, by day. Without an answer there are none: the chart says more than they do. */
function usePlacedAnnotations({ interval, current }: Comparison): PlacedAnnotation[] {
  const { project } = useProject();
  const { data = [] } = useQuery(annotationsQuery(project.id));
  return data
    .flatMap((annotation) => {
      const index = findPoint(current, interval, annotation.date);
      return index === undefined ? [] : [{ ...annotation, index }];
    })
    .toSorted((a, b) => (a.date < b.date ? -1 : 1));
}

const INTERVAL_OPTIONS = [
  { value: 'day', label: 'Day' },
  { value: 'week', label: 'Week' },
  { value: 'month', label: 'Month' },
] as const;

type ChartActionsProps = ChartCardProps & { annotations: readonly PlacedAnnotation[] };

function ChartActions(props: ChartActionsProps) {
  const { metric, comparison, currency, view, wanted, onView, onInterval, annotations } = props;
  const { can } = useProject();
  const [isAnnotating, setAnnotating] = useState(false);
  const { interval, current } = comparison;
  const download = () => {
    const [first, last] = [current[0]?.date ?? '', current.at(-1)?.date ?? ''];
    const metrics = metricsOf(interval);
    downloadText(`metrics-${first}-${last}.csv`, renderCsv(comparison, metrics, metric, currency));
  };
  return (
    <>
      <Segmented label="Interval" value={wanted} onChange={onInterval} options={INTERVAL_OPTIONS} />
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
        <Button size="icon" aria-label="Download CSV" onClick={download}>
          <Download aria-hidden />
        </Button>
      </Tooltip>
      {isAnnotating && (
        <AnnotationsDialog
          annotations={annotations}
          date={current.at(-1)?.date ?? ''}
          onClose={() => setAnnotating(false)}
        />
      )}
    </>
  );
}

type LegendProps = { comparison: Comparison; timezone: string; isFixed: boolean };

function Legend({ comparison, timezone, isFixed }: LegendProps) {
  const { current, previous, completeCount } = comparison;
  return (
    <span className="flex flex-wrap items-center gap-x-4 gap-y-0.5">
      <Key className="border-chart-1">{spanOf(current)}</Key>
      {previous.length > 0 && <Key className="border-soft border-dashed">{spanOf(previous)}</Key>}
      {completeCount < current.length && <Key className="border-chart-1 border-dotted">Today so far</Key>}
      <span>
        Days in {timezone}
        {isFixed && ": one person or session can be active on several days, so these don't add up"}
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

function spanOf(rows: Comparison['current']): string {
  const [first, last] = [rows[0]?.date, rows.at(-1)?.date];
  if (first === undefined || last === undefined) return '';
  if (first === last) return formatDay(first, true);
  const isOneYear = first.slice(0, 4) === last.slice(0, 4);
  return `${formatDay(first, !isOneYear)} – ${formatDay(last, true)}`;
}

const PERIOD_HEADS = { day: 'Day', week: 'Week', month: 'Month' } as const;

type DaysTableProps = Pick<ChartCardProps, 'metric' | 'comparison' | 'currency'>;

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
                {nameOfPeriod(row.date, interval, true)}
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
