import type { App } from '../../api/answers.ts';
import { DaysInputs } from '../../components/days-inputs.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { TimezonePicker } from '../../components/ui/timezone-picker.tsx';
import { type DayRange, type DaySelection, resolveDays } from '../../lib/day-range.ts';

const PRESETS = ['7d', '30d', '90d'] as const;
const RANGES = [
  { value: '7d', label: '7 days' },
  { value: '30d', label: '30 days' },
  { value: '90d', label: '90 days' },
  { value: 'custom', label: 'Custom' },
];

type ToolbarProps = {
  app: App;
  days: DaySelection;
  today: string;
  timezone: string;
  onDays: (days: DaySelection) => void;
  /** Undefined means the app's own. */
  onTimezone: (timezone: string | undefined) => void;
};

/** The selected days and time zone. */
export function Toolbar({ app, days, today, timezone, onDays, onTimezone }: ToolbarProps) {
  const preset = 'days' in days ? PRESETS.find((name) => name === `${days.days}d`) : undefined;
  const range: DayRange = resolveDays(days, today);
  const choose = (value: string) => onDays(value === 'custom' ? range : { days: Number(value.slice(0, -1)) });
  return (
    <>
      {preset === undefined && <DaysInputs range={range} today={today} onChange={onDays} />}
      <Segmented label="Range" value={preset ?? 'custom'} onChange={choose} options={RANGES} />
      <TimezonePicker
        aria-label="Time zone"
        className="w-44"
        value={timezone}
        first={[{ zone: app.timezone, note: 'This app' }]}
        onChange={(zone) => onTimezone(zone === app.timezone ? undefined : zone)}
      />
    </>
  );
}
