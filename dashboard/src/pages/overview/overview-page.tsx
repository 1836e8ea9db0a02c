import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCurrentApp } from '../../api/apps.ts';
import { useProject } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { ErrorState } from '../../components/states.tsx';
import { addDays, dayAt, type WantedDays, writeWantedDays } from '../../lib/day-range.ts';
import { NoApp } from './nothing-yet.tsx';
import { Numbers } from './numbers.tsx';
import { subjectOf } from './numbers-queries.ts';
import { NumbersSkeleton } from './numbers-skeleton.tsx';
import { Toolbar } from './toolbar.tsx';

/** How an app does: its numbers day by day against the period before, and where they come from. */
export function OverviewPage() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { project } = useProject();
  const { app, isPending, error, retry } = useCurrentApp();
  const subject = app && subjectOf(project.id, app, search);
  const chooseDays = (days: WantedDays) =>
    void navigate({ to: '.', search: (was) => ({ ...was, range: writeWantedDays(days) }) });
  const chooseTimezone = (chosen: string | undefined) =>
    void navigate({
      to: '.',
      search: ({ timezone: _, ...was }) => ({ ...was, ...(chosen && { timezone: chosen }) }),
    });
  const showAround = (instant: string) => {
    if (!subject) return;
    const last = dayAt(subject.timezone, Date.parse(instant));
    chooseDays({ first: addDays(last, -29), last });
  };
  return (
    <Page
      title="Overview"
      actions={
        subject && (
          <Toolbar
            app={subject.app}
            wanted={subject.wanted}
            today={dayAt(subject.timezone, Date.now())}
            timezone={subject.timezone}
            onDays={chooseDays}
            onTimezone={chooseTimezone}
          />
        )
      }
    >
      {subject ? (
        <Numbers key={subject.app.id} subject={subject} onShowAround={showAround} />
      ) : isPending ? (
        <NumbersSkeleton />
      ) : error ? (
        <ErrorState what="The apps could not be loaded" error={error} onRetry={retry} />
      ) : (
        <NoApp />
      )}
    </Page>
  );
}
