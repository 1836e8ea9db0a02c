import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCurrentApp } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { ErrorState } from '../../components/states.tsx';
import {
  addDays,
  dayAt,
  isTimeZone,
  parseWantedDays,
  type WantedDays,
  writeWantedDays,
} from '../../lib/day-range.ts';
import { NoApp } from './nothing-yet.tsx';
import { Numbers } from './numbers.tsx';
import { NumbersSkeleton } from './numbers-skeleton.tsx';
import { Toolbar } from './toolbar.tsx';
import { DEFAULT_DAYS } from './wanted.ts';

/** How an app does: its numbers day by day against the period before, and where they come from. */
export function OverviewPage() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { app, isPending, error, retry } = useCurrentApp();
  const wanted = parseWantedDays(search.range) ?? DEFAULT_DAYS;
  const timezone =
    search.timezone !== undefined && isTimeZone(search.timezone) ? search.timezone : (app?.timezone ?? 'UTC');
  const chooseDays = (days: WantedDays) =>
    void navigate({ to: '.', search: (was) => ({ ...was, range: writeWantedDays(days) }) });
  const chooseTimezone = (chosen: string | undefined) =>
    void navigate({
      to: '.',
      search: ({ timezone: _, ...was }) => ({ ...was, ...(chosen && { timezone: chosen }) }),
    });
  const showAround = (instant: string) => {
    const last = dayAt(timezone, Date.parse(instant));
    chooseDays({ first: addDays(last, -29), last });
  };
  return (
    <Page
      title="Overview"
      actions={
        app && (
          <Toolbar
            app={app}
            wanted={wanted}
            today={dayAt(timezone, Date.now())}
            timezone={timezone}
            onDays={chooseDays}
            onTimezone={chooseTimezone}
          />
        )
      }
    >
      {app ? (
        <Numbers key={app.id} app={app} wanted={wanted} timezone={timezone} onShowAround={showAround} />
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
