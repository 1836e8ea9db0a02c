import { useNavigate, useSearch } from '@tanstack/react-router';
import { AppWindow } from 'lucide-react';
import { useCurrentApp } from '../../api/apps.ts';
import { useProject } from '../../api/project.ts';
import { NoApp } from '../../components/no-app.tsx';
import { Page } from '../../components/page.tsx';
import { ErrorState } from '../../components/states.tsx';
import { addDays, type DaySelection, dayAt, formatDaySelection } from '../../lib/day-range.ts';
import { OverviewContent } from './overview-content.tsx';
import { overviewParams } from './overview-queries.ts';
import { OverviewSkeleton } from './overview-skeleton.tsx';
import { Toolbar } from './toolbar.tsx';

/** Overview: an app's metrics day by day, compared with the previous period, and breakdowns. */
export function OverviewPage() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { project } = useProject();
  const { app, isPending, error, retry } = useCurrentApp();
  const params = app && overviewParams(project.id, app, search);
  const chooseDays = (days: DaySelection) =>
    void navigate({ to: '.', search: (previous) => ({ ...previous, range: formatDaySelection(days) }) });
  const chooseTimezone = (chosen: string | undefined) =>
    void navigate({
      to: '.',
      search: ({ timezone: _, ...previous }) => ({ ...previous, ...(chosen && { timezone: chosen }) }),
    });
  const showEventsAround = (instant: string) => {
    if (!params) return;
    const last = dayAt(params.timezone, Date.parse(instant));
    chooseDays({ first: addDays(last, -29), last });
  };
  return (
    <Page
      title="Overview"
      actions={
        params && (
          <Toolbar
            app={params.app}
            days={params.days}
            today={dayAt(params.timezone, Date.now())}
            timezone={params.timezone}
            onDays={chooseDays}
            onTimezone={chooseTimezone}
          />
        )
      }
    >
      {params ? (
        <OverviewContent key={params.app.id} params={params} onShowEventsAround={showEventsAround} />
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
