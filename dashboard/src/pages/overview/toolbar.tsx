import { useNavigate } from '@tanstack/react-router';
import type { App } from '../../api/answers.ts';
import { AppSelect } from '../../components/scope/app-select.tsx';
import { DAY_CHOICES, RangeSelect } from '../../components/scope/range-select.tsx';
import { TimezonePicker } from '../../components/ui/timezone-picker.tsx';
import { SavedViews } from '../../components/views/saved-views.tsx';
import { ALL_APPS } from '../../lib/all-apps.ts';
import { formatDaySelection } from '../../lib/day-range.ts';
import type { OverviewParams } from './overview-queries.ts';

type ToolbarProps = { apps: readonly App[]; params: OverviewParams };

/** The app, the days and the time zone, all kept in the URL, and the saved views. */
export function Toolbar({ apps, params }: ToolbarProps) {
  const { app, appId, selection, timezone } = params;
  const navigate = useNavigate();
  return (
    <>
      {apps.length > 1 && (
        <AppSelect
          apps={apps}
          chosen={appId === ALL_APPS ? undefined : app}
          onChoose={(id) =>
            void navigate({
              to: '.',
              // Each app has a currency of its own.
              search: ({ apps: _, currency: __, ...previous }) =>
                id === ALL_APPS ? { ...previous, apps: id } : { ...previous, app: id },
            })
          }
        />
      )}
      <RangeSelect
        choices={DAY_CHOICES}
        range={formatDaySelection(selection)}
        timezone={timezone}
        onChange={(range) => void navigate({ to: '.', search: (previous) => ({ ...previous, range }) })}
      />
      <TimezonePicker
        aria-label="Time zone"
        className="w-44"
        value={timezone}
        first={[{ zone: app.timezone, note: 'This app' }]}
        onChange={(zone) =>
          void navigate({
            to: '.',
            search: ({ timezone: _, ...previous }) => ({
              ...previous,
              ...(zone !== app.timezone && { timezone: zone }),
            }),
          })
        }
      />
      <SavedViews page="overview" />
    </>
  );
}
