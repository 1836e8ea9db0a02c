import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { DailyAnswer } from '../../api/answers.ts';
import { newestEventQuery } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';
import { AnalyticsFilterBar } from '../../components/filters/analytics-filter-bar.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Switch } from '../../components/ui/switch.tsx';
import {
  type AnalyticsFilter,
  FILTER_FIELDS,
  renderFilters,
  withFilter,
} from '../../lib/analytics-filters.ts';
import { cn } from '../../lib/class-names.ts';
import { countDays } from '../../lib/day-range.ts';
import { DIMENSION_NAMES } from '../../lib/dimensions.ts';
import { formatAmount, formatDay } from '../../lib/format.ts';
import { BreakdownCard } from './breakdown-card.tsx';
import { ChartCard, type View } from './chart-card.tsx';
import { NoEvents, NoEventsInRange } from './empty-states.tsx';
import { MetricCard } from './metric-card.tsx';
import { type Comparison, compareDays, listCurrencies, METRICS, type Metric } from './metrics.ts';
import { comparedDaysQuery, type OverviewParams, uniqueUsersQuery } from './overview-queries.ts';
import { OverviewSkeleton } from './overview-skeleton.tsx';
import type { Interval } from './period-names.ts';
import { parseMeasure, parseMetric } from './range.ts';
import { countUniqueUsers } from './unique-users.ts';

const FRESH_MS = 60_000;
const WAITING_MS = 5_000;

const isEmptyAnswer = ({ data }: DailyAnswer) => data.every(({ events }) => events === 0);

type OverviewContentProps = { params: OverviewParams; onShowEventsAround: (instant: string) => void };

/** The metrics of an app, or what to do if there are none. */
export function OverviewContent({ params, onShowEventsAround }: OverviewContentProps) {
  const { project, can } = useProject();
  const { app, appId, days, filters } = params;
  const changeFilters = useFilterChange();
  const daily = useQuery({
    ...comparedDaysQuery(params),
    placeholderData: keepPreviousData,
    // Waiting for the first event.
    refetchInterval: ({ state }) => (state.data && isEmptyAnswer(state.data) ? WAITING_MS : FRESH_MS),
  });
  const comparison = daily.data && compareDays(daily.data, countDays(days));
  const isEmpty = comparison?.current.every(({ events }) => events === 0) ?? false;
  const newest = useQuery({
    ...newestEventQuery(project.id, appId),
    enabled: isEmpty && filters.length === 0 && !daily.isPlaceholderData && can('events:read'),
    refetchInterval: WAITING_MS,
  });
  const last = newest.data;
  if (isEmpty && last !== undefined) {
    return last ? (
      <NoEventsInRange lastAt={last.timestamp} onWiden={() => onShowEventsAround(last.timestamp)} />
    ) : (
      <NoEvents app={app} />
    );
  }
  // All zeros: whether the app has any events is still being queried.
  const isReady = comparison !== undefined && !newest.isLoading;
  return (
    <div className={cn('grid gap-5 transition-opacity', daily.isPlaceholderData && 'opacity-60')}>
      <AnalyticsFilterBar appId={appId} fields={FILTER_FIELDS} filters={filters} onChange={changeFilters} />
      <QueryState query={daily} what="Couldn't load the metrics" pending={<OverviewSkeleton />} hasCard>
        {(answer) =>
          comparison && isReady ? (
            <Metrics answer={answer} comparison={comparison} params={params} />
          ) : (
            <OverviewSkeleton />
          )
        }
      </QueryState>
      {/* Mounted from the start, so that its queries run together with the first. */}
      <div hidden={!isReady}>
        <Breakdowns params={params} onFilters={changeFilters} />
      </div>
    </div>
  );
}

/** Returns what changes the filters in the URL. */
function useFilterChange() {
  const navigate = useNavigate();
  return (filters: readonly AnalyticsFilter[]) =>
    void navigate({
      to: '.',
      search: ({ filter: _, ...previous }) => ({
        ...previous,
        ...(filters.length > 0 && { filter: renderFilters(filters) }),
      }),
      resetScroll: false,
    });
}

const UNIQUE_USERS =
  'Unique people in this range, today included. The average covers the full days since your first event.';

const DAILY_USERS =
  "People with at least one event that day. Someone active on two days counts once on each, so days don't add up to weeks.";

type MetricsProps = { answer: DailyAnswer; comparison: Comparison; params: OverviewParams };

function Metrics({ answer: { meta }, comparison, params }: MetricsProps) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (part: {
    metric?: Metric;
    view?: View;
    currency?: string;
    interval?: Interval;
    compare?: string;
  }) => void navigate({ to: '.', search: (previous) => ({ ...previous, ...part }), resetScroll: false });
  const users = useQuery({ ...uniqueUsersQuery(params), placeholderData: keepPreviousData });
  const shown = parseMetric(search.metric);
  const definitions: Record<string, string> = { ...meta.definitions, dau: DAILY_USERS };
  const { currency } = params;
  const currencies = [...new Set([...listCurrencies(comparison, meta.currency), currency])];
  return (
    <section aria-label="Metrics" className="grid min-w-0 gap-5">
      <div>
        <ul className="grid grid-cols-2 gap-3 lg:grid-cols-3 xl:grid-cols-5 [&>:last-child]:max-lg:col-span-2">
          {METRICS.map((metric) => (
            <MetricCard
              key={metric}
              metric={metric}
              comparison={comparison}
              currency={currency}
              currencies={currencies}
              onCurrency={(chosen) => change({ metric: 'revenue', currency: chosen })}
              uniqueUsers={users.data ? countUniqueUsers(users.data) : users.isError ? null : undefined}
              definition={metric === 'dau' ? UNIQUE_USERS : definitions[metric]}
              isShown={metric === shown}
              onShow={() => change({ metric })}
            />
          ))}
        </ul>
        <div className="mt-2.5 flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
          <ComparisonNote comparison={comparison} />
          <Switch
            label="Compare with the previous period"
            className="ml-auto items-center"
            checked={params.isCompared}
            onCheckedChange={(isOn) => change({ compare: isOn ? 'on' : 'off' })}
          />
        </div>
      </div>
      <ChartCard
        metric={shown}
        days={comparison}
        params={params}
        definition={definitions[shown]}
        view={search.view === 'table' ? 'table' : 'chart'}
        onView={(view) => change({ view })}
        onInterval={(interval) => change({ interval })}
      />
    </section>
  );
}

/** Says what the changes are compared with. */
function ComparisonNote({ comparison: { current, previous, completeCount } }: { comparison: Comparison }) {
  const before = nameDays(previous.slice(0, completeCount));
  if (before === undefined) return null;
  const isOpen = completeCount < current.length;
  return (
    <p className="text-soft text-xs">
      Compared with {before} (the previous{' '}
      {completeCount === 1 ? 'full day' : formatAmount(completeCount, 'full day')}).
      {isOpen && " Totals include today; changes and averages don't."}
    </p>
  );
}

/** Returns `Nov 2 – Nov 30, 2026`, or the only day; undefined without days. */
function nameDays(rows: Comparison['current']): string | undefined {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return undefined;
  return rows.length === 1
    ? formatDay(first.date, true)
    : `${formatDay(first.date)} – ${formatDay(last.date, true)}`;
}

const MEASURE_OPTIONS = [
  { value: 'events', label: 'Events' },
  { value: 'users', label: 'Users' },
  { value: 'revenue', label: 'Revenue' },
] as const;

type BreakdownsProps = Pick<OverviewContentProps, 'params'> & {
  onFilters: (filters: readonly AnalyticsFilter[]) => void;
};

function Breakdowns({ params, onFilters }: BreakdownsProps) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const measure = parseMeasure(search.by);
  return (
    <section aria-labelledby="breakdowns" className="grid min-w-0 gap-3">
      <header className="flex flex-wrap items-center justify-between gap-3 pt-1">
        <h2 id="breakdowns" className="font-semibold text-[0.9375rem] tracking-tight">
          Breakdown
        </h2>
        <Segmented
          label="Measure"
          value={measure}
          onChange={(by) =>
            void navigate({ to: '.', search: (previous) => ({ ...previous, by }), resetScroll: false })
          }
          options={MEASURE_OPTIONS}
        />
      </header>
      <div className="grid min-w-0 gap-5 lg:grid-cols-2 [&>*]:min-w-0">
        {DIMENSION_NAMES.map((by) => (
          <BreakdownCard
            key={by}
            by={by}
            measure={measure}
            params={params}
            onFilter={(value) => onFilters(withFilter(params.filters, { field: by, value }))}
          />
        ))}
      </div>
    </section>
  );
}
