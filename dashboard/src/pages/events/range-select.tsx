import { DaysInputs } from '../../components/days-inputs.tsx';
import { Select } from '../../components/ui/select.tsx';
import { dayAt, formatDaySelection, parseDaySelection, resolveDays } from '../../lib/day-range.ts';

const CHOICES = [
  { value: '', label: 'All time' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
  { value: '90d', label: 'Last 90 days' },
];
const CUSTOM = 'custom';

type RangeSelectProps = {
  range: string | undefined;
  timezone: string;
  onChange: (range: string | undefined) => void;
};

/** The time range of the events. */
export function RangeSelect({ range, timezone, onChange }: RangeSelectProps) {
  const today = dayAt(timezone, Date.now());
  const days = parseDaySelection(range);
  const isListed = CHOICES.some(({ value }) => value === (range ?? ''));
  const custom = isListed || days === undefined ? undefined : resolveDays(days, today);
  const choose = (value: string) => {
    if (value !== CUSTOM) return onChange(value || undefined);
    onChange(formatDaySelection(resolveDays(days ?? { days: 7 }, today)));
  };
  return (
    <>
      {custom && (
        <DaysInputs range={custom} today={today} onChange={(days) => onChange(formatDaySelection(days))} />
      )}
      <Select
        aria-label="Range"
        className="w-40"
        value={custom ? CUSTOM : isListed ? (range ?? '') : ''}
        onChange={({ target }) => choose(target.value)}
      >
        {CHOICES.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <option value={CUSTOM}>Custom range</option>
      </Select>
    </>
  );
}
