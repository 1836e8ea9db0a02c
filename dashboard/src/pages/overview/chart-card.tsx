import { InfoTip } from '../../components/info-tip.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { formatAmount, formatDay } from '../../lib/format.ts';
import { MetricChart } from './metric-chart.tsx';
import { type Comparison, chartPoints, formatValue, METRIC_LABELS, METRICS, type Metric } from './metrics.ts';

export type View = 'chart' | 'table';

type ChartCardProps = {
  metric: Metric;
  comparison: Comparison;
  currency: string;
  timezone: string;
  definition: string | undefined;
  view: View;
  onView: (view: View) => void;
};

/** The metric day by day, as a chart or as a table. */
export function ChartCard(props: ChartCardProps) {
  const { metric, comparison, currency, timezone, definition, view, onView } = props;
  const title = view === 'table' ? 'Daily metrics' : METRIC_LABELS[metric].perDay;
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-1">
            {title}
            {definition && view === 'chart' && <InfoTip about={title}>{definition}</InfoTip>}
          </span>
        }
        description={
          view === 'table' ? `Days in ${timezone}` : <Legend comparison={comparison} timezone={timezone} />
        }
        actions={
          <Segmented
            label="Show as"
            value={view}
            onChange={onView}
            options={[
              { value: 'chart', label: 'Chart' },
              { value: 'table', label: 'Table' },
            ]}
          />
        }
      />
      {view === 'table' ? (
        <DaysTable metric={metric} comparison={comparison} currency={currency} />
      ) : (
        <CardBody className="px-2 sm:px-3">
          <div className="h-72">
            <MetricChart
              points={chartPoints(comparison, metric, currency)}
              label={title}
              isMoney={metric === 'revenue'}
            />
          </div>
        </CardBody>
      )}
    </Card>
  );
}

function Legend({ comparison, timezone }: { comparison: Comparison; timezone: string }) {
  const { current, previous, completeCount } = comparison;
  return (
    <span className="flex flex-wrap items-center gap-x-4 gap-y-0.5">
      <Key className="border-chart-1">{spanOf(current)}</Key>
      {previous.length > 0 && <Key className="border-soft border-dashed">{spanOf(previous)}</Key>}
      {completeCount < current.length && <Key className="border-chart-1 border-dotted">Today so far</Key>}
      <span>Days in {timezone}</span>
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

type DaysTableProps = Pick<ChartCardProps, 'metric' | 'comparison' | 'currency'>;

/** Every metric of every day, newest first, and the comparison values of the selected one. */
function DaysTable({ metric: shown, comparison, currency }: DaysTableProps) {
  const { current, previous, completeCount } = comparison;
  const rows = current
    .map((row, index) => ({ row, before: previous[index], isOpen: index >= completeCount }))
    .toReversed();
  return (
    <div className="max-h-96 overflow-y-auto border-t">
      <Table label="Daily metrics, newest first">
        <thead>
          <HeadRow>
            <Head>Day</Head>
            {METRICS.map((metric) => (
              <Head key={metric} className="text-right">
                {METRIC_LABELS[metric].label}
              </Head>
            ))}
            {previous.length > 0 && (
              <Head className="text-right">
                {METRIC_LABELS[shown].label}, {formatAmount(previous.length, 'day')} earlier
              </Head>
            )}
          </HeadRow>
        </thead>
        <tbody>
          {rows.map(({ row, before, isOpen }) => (
            <Row key={row.date}>
              <Cell className="whitespace-nowrap">
                {formatDay(row.date, true)}
                {isOpen && <span className="ml-2 text-soft text-xs">so far</span>}
              </Cell>
              {METRICS.map((metric) => (
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
