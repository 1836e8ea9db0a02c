import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { AppWindow, Download, Grid3x3 } from 'lucide-react';
import { retentionQuery } from '../../api/analytics.ts';
import type { RetentionAnswer } from '../../api/answers.ts';
import { useCurrentApp } from '../../api/apps.ts';
import { newestEventQuery } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';
import { AnalyticsToolbar } from '../../components/analytics-toolbar.tsx';
import { AnalyticsFilterBar } from '../../components/filters/analytics-filter-bar.tsx';
import { InfoTip } from '../../components/info-tip.tsx';
import { NoApp } from '../../components/no-app.tsx';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Select } from '../../components/ui/select.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { FILTER_FIELDS, renderFilters, toFilterQuery } from '../../lib/analytics-filters.ts';
import { formatDaySelection } from '../../lib/day-range.ts';
import { downloadText } from '../../lib/download.ts';
import { formatAmount } from '../../lib/format.ts';
import { NoEvents } from '../overview/empty-states.tsx';
import { type OverviewParams, overviewParams } from '../overview/overview-queries.ts';
import { isTooEarly, sinceFirstPeople } from './cohorts.ts';
import { renderRetentionCsv } from './retention-csv.ts';
import { RetentionTable } from './retention-table.tsx';

/** Retention: how many people of each cohort came back. */
export function RetentionPage() {
  const search = useSearch({ strict: false });
  const { project } = useProject();
  const { apps, isPending, error, retry } = useCurrentApp();
  const params = overviewParams(project.id, apps, search);
  return (
    <Page
      title="Retention"
      docs="/docs/metrics#retention"
      description="How many people come back after their first day, week or month."
      actions={
        params && (
          <AnalyticsToolbar
            apps={apps}
            app={params.app}
            appId={params.appId}
            range={formatDaySelection(params.selection)}
            timezone={params.timezone}
          />
        )
      }
    >
      {params ? (
        <RetentionContent params={params} />
      ) : isPending ? (
        <Pending />
      ) : error ? (
        <ErrorState what="Couldn't load the apps" error={error} onRetry={retry} />
      ) : (
        <NoApp icon={AppWindow} title="Create your first app">
          Every event belongs to an app. Add one app per platform.
        </NoApp>
      )}
    </Page>
  );
}

const INTERVALS = [
  { value: 'day', label: 'Day' },
  { value: 'week', label: 'Week' },
  { value: 'month', label: 'Month' },
] as const;

const RULES = [
  { value: 'on', label: 'In that period' },
  { value: 'on_or_after', label: 'In that period or later' },
] as const;

const PERIODS = [4, 8, 14, 26, 52] as const;
const PERIODS_DEFAULT = 14;

function RetentionContent({ params }: { params: OverviewParams }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { projectId, appId, timezone, days, filters } = params;
  const interval = INTERVALS.find(({ value }) => value === search.interval)?.value ?? 'day';
  const rule = RULES.find(({ value }) => value === search.return)?.value ?? 'on';
  const periods = PERIODS.find((count) => String(count) === search.periods) ?? PERIODS_DEFAULT;
  const query = useQuery(
    retentionQuery(projectId, {
      app_id: appId,
      timezone,
      start: days.first,
      end: days.last,
      interval,
      periods,
      return: rule,
      ...toFilterQuery(filters),
    }),
  );
  const set = (change: { interval?: string; return?: string; periods?: string; filter?: string[] }) =>
    void navigate({ to: '.', search: (previous) => ({ ...previous, ...change }), resetScroll: false });
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <Segmented
          label="Period"
          value={interval}
          onChange={(value) => set({ interval: value })}
          options={INTERVALS}
        />
        <Segmented
          label="Counts as returned"
          value={rule}
          onChange={(value) => set({ return: value })}
          options={RULES}
        />
        <Select
          aria-label="Number of periods"
          value={periods}
          onChange={({ target }) => set({ periods: target.value })}
        >
          {PERIODS.map((count) => (
            <option key={count} value={count}>
              {count} periods
            </option>
          ))}
        </Select>
      </div>
      <AnalyticsFilterBar
        appId={appId}
        fields={FILTER_FIELDS}
        filters={filters}
        onChange={(chosen) => set({ filter: renderFilters(chosen) })}
      />
      <QueryState
        query={query}
        what="Couldn't load retention"
        hasCard
        pending={<Skeleton className="m-5 h-80" />}
      >
        {(answer) => <RetentionResult answer={answer} params={params} />}
      </QueryState>
    </>
  );
}

/** The cohorts, or how to send the first event if the app never received one. */
function RetentionResult({ answer, params }: { answer: RetentionAnswer; params: OverviewParams }) {
  const { can } = useProject();
  const isEmpty = answer.data.every(({ size }) => size === 0);
  const newest = useQuery({
    ...newestEventQuery(params.projectId, params.appId),
    enabled: isEmpty && can('events:read'),
  });
  if (isEmpty && newest.isLoading) return <Pending />;
  if (isEmpty && newest.data === null) return <NoEvents app={params.app} />;
  return <RetentionCard answer={answer} />;
}

function Pending() {
  return (
    <Card className="p-5">
      <Skeleton className="h-80" />
    </Card>
  );
}

function RetentionCard({ answer }: { answer: RetentionAnswer }) {
  const { data, meta } = answer;
  const people = data.reduce((total, { size }) => total + size, 0);
  const isEmpty = people === 0;
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-1.5">
            Cohorts
            <InfoTip about="Retention">
              {meta.definitions.size} {meta.definitions.users}
            </InfoTip>
          </span>
        }
        description={meta.moved ?? 'Filters apply to the events of people who return, not to the cohorts.'}
        actions={
          !isEmpty && (
            <Button
              size="sm"
              onClick={() =>
                downloadText(`retention-${meta.start}-${meta.end}.csv`, renderRetentionCsv(answer))
              }
            >
              <Download aria-hidden />
              CSV
            </Button>
          )
        }
      />
      {isEmpty ? (
        <EmptyState icon={Grid3x3} title="No new people in this range">
          Choose a longer range. A person belongs to the period of their first event.
        </EmptyState>
      ) : isTooEarly(data) ? (
        <EmptyState icon={Grid3x3} title={`${formatAmount(people, 'new person', 'new people')} so far`}>
          Retention appears when the {meta.interval} after their first one is over.
        </EmptyState>
      ) : (
        <RetentionTable answer={{ ...answer, data: sinceFirstPeople(data) }} />
      )}
    </Card>
  );
}
