import { useNavigate } from '@tanstack/react-router';
import type { App } from '../api/answers.ts';
import { ALL_APPS } from '../lib/all-apps.ts';
import { AppSelect } from './scope/app-select.tsx';
import { DAY_CHOICES, RangeSelect } from './scope/range-select.tsx';
import { TimezonePicker } from './ui/timezone-picker.tsx';

type AnalyticsToolbarProps = {
  apps: readonly App[];
  app: App;
  /** The app's ID, or ALL_APPS. */
  appId: string;
  range: string;
  timezone: string;
};

/** The app, the days and the time zone of a page, all kept in the URL. */
export function AnalyticsToolbar({ apps, app, appId, range, timezone }: AnalyticsToolbarProps) {
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
              search: ({ apps: _, ...previous }) =>
                id === ALL_APPS ? { ...previous, apps: id } : { ...previous, app: id },
            })
          }
        />
      )}
      <RangeSelect
        choices={DAY_CHOICES}
        range={range}
        timezone={timezone}
        onChange={(chosen) =>
          void navigate({ to: '.', search: (previous) => ({ ...previous, range: chosen }) })
        }
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
    </>
  );
}
