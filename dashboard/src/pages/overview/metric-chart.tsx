import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { formatCompact, formatDay } from '../../lib/format.ts';
import type { ChartPoint } from './metrics.ts';

type MetricChartProps = {
  points: readonly ChartPoint[];
  /** What the chart shows, in words. */
  label: string;
  isMoney: boolean;
};

const AXIS = { fontSize: 12, fill: 'var(--soft)' };

/** A metric day by day: what is over as a line, what is not dotted, the period before dashed. */
export function MetricChart({ points, label, isMoney }: MetricChartProps) {
  const lone = points.length === 1;
  return (
    <ResponsiveContainer width="100%" height="100%">
      <ComposedChart
        data={[...points]}
        margin={{ top: 8, right: 12, bottom: 0, left: 0 }}
        title={label}
        desc="The arrow keys go from day to day. The same numbers can be shown as a table."
      >
        <defs>
          <linearGradient id="metric-fill" x1="0" y1="0" x2="0" y2="1">
            <stop offset="0%" stopColor="var(--chart-1)" stopOpacity={0.22} />
            <stop offset="100%" stopColor="var(--chart-1)" stopOpacity={0} />
          </linearGradient>
        </defs>
        <CartesianGrid vertical={false} stroke="var(--border)" />
        <XAxis
          dataKey="date"
          tickFormatter={(day: string) => formatDay(day)}
          tick={AXIS}
          tickLine={false}
          axisLine={false}
          tickMargin={10}
          minTickGap={40}
          interval="equidistantPreserveStart"
        />
        <YAxis
          tickFormatter={(value: number) => formatCompact(value)}
          tick={AXIS}
          tickLine={false}
          axisLine={false}
          // Measured by itself, its width came late and pushed the lines out of the card.
          width={44}
          tickMargin={4}
          tickCount={5}
          allowDecimals={isMoney}
        />
        <Tooltip
          cursor={{ stroke: 'var(--input)', strokeWidth: 1 }}
          isAnimationActive={false}
          content={({ active, payload }) => {
            const point = payload[0]?.payload as ChartPoint | undefined;
            return active && point ? <PointCard point={point} /> : null;
          }}
        />
        <Line
          dataKey="previous"
          stroke="var(--soft)"
          strokeOpacity={0.65}
          strokeWidth={1.5}
          strokeDasharray="5 4"
          dot={lone && { strokeDasharray: '' }}
          activeDot={{ r: 3, fill: 'var(--soft)', stroke: 'var(--surface)' }}
          isAnimationActive={false}
        />
        <Area
          dataKey="complete"
          stroke="var(--chart-1)"
          strokeWidth={2}
          fill="url(#metric-fill)"
          dot={lone}
          activeDot={{ r: 4, fill: 'var(--chart-1)', stroke: 'var(--surface)', strokeWidth: 2 }}
          isAnimationActive={false}
        />
        <Line
          dataKey="open"
          stroke="var(--chart-1)"
          strokeWidth={2}
          strokeDasharray="1 5"
          strokeLinecap="round"
          dot={(props) => <OpenDot key={props.index} {...props} isLast={props.index === points.length - 1} />}
          activeDot={false}
          isAnimationActive={false}
        />
      </ComposedChart>
    </ResponsiveContainer>
  );
}

/** The ring around a day that is not over. */
function OpenDot({ cx, cy, isLast }: { cx?: number | undefined; cy?: number | undefined; isLast: boolean }) {
  if (!isLast || cx === undefined || cy === undefined) return null;
  return <circle cx={cx} cy={cy} r={4} fill="var(--surface)" stroke="var(--chart-1)" strokeWidth={2} />;
}

function PointCard({ point }: { point: ChartPoint }) {
  const { date, text, complete, previousDate, previousText } = point;
  return (
    <div className="rounded-lg border bg-raised px-3 py-2 text-xs shadow-pop">
      <p className="flex items-baseline justify-between gap-5">
        <span className="text-soft">
          {formatDay(date, true)}
          {complete === null && ' (not over)'}
        </span>
        <span className="font-semibold text-[0.8125rem] tabular-nums">{text}</span>
      </p>
      {previousDate && (
        <p className="mt-0.5 flex items-baseline justify-between gap-5 text-soft">
          <span>{formatDay(previousDate, true)}</span>
          <span className="tabular-nums">{previousText}</span>
        </p>
      )}
    </div>
  );
}
