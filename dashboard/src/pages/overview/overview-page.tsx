import { useNavigate, useSearch } from '@tanstack/react-router';
import { AppWindow } from 'lucide-react';
import { useCurrentApp } from '../../api/apps.ts';
import { useProject } from '../../api/project.ts';
import { NoApp } from '../../components/no-app.tsx';
import { Page } from '../../components/page.tsx';
import { ErrorState } from '../../components/states.tsx';
import { addDays, dayAt, formatDaySelection } from '../../lib/day-range.ts';
import { OverviewContent } from './overview-content.tsx';
import { overviewParams } from './overview-queries.ts';
import { OverviewSkeleton } from './overview-skeleton.tsx';
import { Toolbar } from './toolbar.tsx';

/** Overview: metrics of an app or all apps over time, compared with the previous period, and breakdowns. */
export function OverviewPage() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { project } = useProject();
  const { apps, isPending, error, retry } = useCurrentApp();
  const params = overviewParams(project.id, apps, search);
  const showEventsAround = (instant: string) => {
    if (!params) return;
    const last = dayAt(params.timezone, Date.parse(instant));
    const range = formatDaySelection({ first: addDays(last, -29), last });
    void navigate({ to: '.', search: (previous) => ({ ...previous, range }) });
  };
  return (
    <Page title="Overview" docs="/docs/metrics" actions={params && <Toolbar apps={apps} params={params} />}>
      {params ? (
        <OverviewContent key={params.appId} params={params} onShowEventsAround={showEventsAround} />
      ) : isPending ? (
        <OverviewSkeleton />
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
