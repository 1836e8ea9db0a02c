import { useMemo } from 'react';
import type { App } from '../../api/answers.ts';
import { DaysInputs } from '../../components/days-inputs.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Select } from '../../components/ui/select.tsx';
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
      <Segmented label="Days" value={preset ?? 'custom'} onChange={choose} options={RANGES} />
      <TimezoneSelect own={app.timezone} value={timezone} onChange={onTimezone} />
    </>
  );
}

type TimezoneSelectProps = { own: string; value: string; onChange: (timezone: string | undefined) => void };

function TimezoneSelect({ own, value, onChange }: TimezoneSelectProps) {
  const browsers = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const likely = [...new Set([own, browsers, 'UTC', value])];
  const all = useMemo(() => Intl.supportedValuesOf('timeZone'), []);
  const others = all.filter((name) => !likely.includes(name));
  const noteOf = (name: string) => (name === own ? ' (app)' : name === browsers ? ' (yours)' : '');
  return (
    <Select
      aria-label="Time zone"
      className="max-w-48"
      value={value}
      onChange={({ target }) => onChange(target.value === own ? undefined : target.value)}
    >
      {likely.map((name) => (
        <option key={name} value={name}>
          {name + noteOf(name)}
        </option>
      ))}
      <optgroup label="All time zones">
        {others.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </optgroup>
    </Select>
  );
}
