import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { AppWindow, Filter } from 'lucide-react';
import { funnelQuery } from '../../api/analytics.ts';
import type { FunnelDefinition } from '../../api/answers.ts';
import { useCurrentApp } from '../../api/apps.ts';
import { useProject } from '../../api/project.ts';
import { AnalyticsToolbar } from '../../components/analytics-toolbar.tsx';
import { AnalyticsFilterBar } from '../../components/filters/analytics-filter-bar.tsx';
import { NoApp } from '../../components/no-app.tsx';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { Card } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { FILTER_FIELDS, renderFilters, toFilterQuery } from '../../lib/analytics-filters.ts';
import { formatDaySelection } from '../../lib/day-range.ts';
import { type OverviewParams, overviewParams } from '../overview/overview-queries.ts';
import { FunnelBuilder } from './funnel-builder.tsx';
import { FunnelCard } from './funnel-card.tsx';
import { parseDefinition, withFilters } from './funnel-draft.ts';
import { SavedFunnels } from './saved-funnels.tsx';

/** Funnels: builds one, shows how many people did each step, and saves it. */
export function FunnelsPage() {
  const search = useSearch({ strict: false });
  const { project } = useProject();
  const { apps, isPending, error, retry } = useCurrentApp();
  const params = overviewParams(project.id, apps, search);
  const definition = parseDefinition(search.funnel);
  return (
    <Page
      title="Funnels"
      docs="/docs/metrics#funnels"
      description="How many people do one step after another, and where they stop."
      actions={
        params && (
          <>
            <AnalyticsToolbar
              apps={apps}
              app={params.app}
              appId={params.appId}
              range={formatDaySelection(params.selection)}
              timezone={params.timezone}
            />
            <SavedFunnels
              definition={definition && withFilters(definition, params.filters)}
              savedId={search.saved}
            />
          </>
        )
      }
    >
      {params ? (
        <FunnelContent params={params} definition={definition} />
      ) : isPending ? (
        <Card className="p-5">
          <Skeleton className="h-80" />
        </Card>
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

type FunnelContentProps = { params: OverviewParams; definition: FunnelDefinition | undefined };

function FunnelContent({ params, definition }: FunnelContentProps) {
  const navigate = useNavigate();
  const { appId, filters } = params;
  const text = definition === undefined ? '' : JSON.stringify(definition);
  return (
    <>
      <FunnelBuilder
        key={text}
        appId={appId}
        definition={definition}
        onShow={(chosen) =>
          void navigate({ to: '.', search: (previous) => ({ ...previous, funnel: JSON.stringify(chosen) }) })
        }
      />
      <AnalyticsFilterBar
        appId={appId}
        fields={FILTER_FIELDS.filter((field) => field !== 'event_name')}
        filters={filters}
        onChange={(chosen) =>
          void navigate({ to: '.', search: (previous) => ({ ...previous, filter: renderFilters(chosen) }) })
        }
      />
      {definition ? (
        <FunnelResult params={params} definition={definition} />
      ) : (
        <Card>
          <EmptyState icon={Filter} title="Choose the steps of a funnel">
            Pick two or more events above, in the order in which people do them.
          </EmptyState>
        </Card>
      )}
    </>
  );
}

function FunnelResult({ params, definition }: { params: OverviewParams; definition: FunnelDefinition }) {
  const { projectId, appId, timezone, days, filters } = params;
  const query = useQuery(
    funnelQuery(projectId, {
      ...definition,
      app_id: appId,
      timezone,
      start: days.first,
      end: days.last,
      filters: { ...definition.filters, ...toFilterQuery(filters) },
    }),
  );
  return (
    <QueryState
      query={query}
      what="Couldn't load the funnel"
      hasCard
      pending={<Skeleton className="m-5 h-64" />}
    >
      {(answer) => <FunnelCard answer={answer} />}
    </QueryState>
  );
}
