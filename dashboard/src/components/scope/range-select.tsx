import { dayAt, formatDaySelection, parseDaySelection, resolveDays } from '../../lib/day-range.ts';
import { Select } from '../ui/select.tsx';
import { DaysInputs } from './days-inputs.tsx';

/** A range that a page offers, by its text in the URL. */
export type RangeChoice = { value: string; label: string };

/** Ranges of days that pages offer. */
export const DAY_CHOICES: readonly RangeChoice[] = [
  { value: '1d', label: 'Today' },
  { value: 'yesterday', label: 'Yesterday' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
  { value: '90d', label: 'Last 90 days' },
  { value: 'mtd', label: 'Month to date' },
  { value: '12m', label: 'Last 12 months' },
];

const CUSTOM = 'custom';
const CUSTOM_DAYS = 7;

type RangeSelectProps = {
  choices: readonly RangeChoice[];
  range: string;
  timezone: string;
  onChange: (range: string) => void;
};

/** The time range of a page: one of the choices, or a first and a last day. */
export function RangeSelect({ choices, range, timezone, onChange }: RangeSelectProps) {
  const today = dayAt(timezone, Date.now());
  const days = parseDaySelection(range);
  const isListed = choices.some(({ value }) => value === range);
  const custom = isListed || days === undefined ? undefined : resolveDays(days, today);
  const choose = (value: string) => {
    if (value !== CUSTOM) return onChange(value);
    onChange(formatDaySelection(resolveDays(days ?? { days: CUSTOM_DAYS }, today)));
  };
  return (
    <>
      {custom && (
        <DaysInputs
          range={custom}
          today={today}
          onChange={(chosen) => onChange(formatDaySelection(chosen))}
        />
      )}
      <Select
        aria-label="Range"
        className="w-40"
        value={custom ? CUSTOM : isListed ? range : ''}
        onChange={({ target }) => choose(target.value)}
      >
        {choices.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <option value={CUSTOM}>Custom range</option>
      </Select>
    </>
  );
}
