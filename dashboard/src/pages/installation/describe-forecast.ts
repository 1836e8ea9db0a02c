import type { Installation } from '../../api/answers.ts';
import { formatAmount, formatBytes, formatCount } from '../../lib/format.ts';

type Forecast = Installation['disk']['forecast'];

/** A forecast in words. `tone` is how urgent it is. */
export type DescribedForecast = { tone: 'info' | 'good' | 'warn' | 'bad'; title: string; text: string };

const URGENT_DAYS = 7;
const SOON_DAYS = 30;
const YEAR_DAYS = 365;
/** Further ahead, a forecast says nothing. */
const YEARS_MAX = 10;

const WITHOUT_DAYS = {
  full: {
    tone: 'bad',
    title: 'The disk is full',
    text: 'Events are refused until there is room again. Free up disk space, or enlarge the disk.',
  },
  steady: {
    tone: 'good',
    title: 'The disk is not filling up',
    text: 'No events were received in the last 7 days.',
  },
  not_enough_data: {
    tone: 'info',
    title: 'Not enough data yet',
    text: 'The forecast appears one day after the first event.',
  },
  on_server: {
    tone: 'info',
    title: 'Events are stored on another server',
    text: 'Monitor the disk of the ClickHouse server there. The free space above is that of the data folder.',
  },
  unavailable: {
    tone: 'warn',
    title: 'No forecast right now',
    text: 'The event store does not answer. Run appflow doctor to find out why.',
  },
} as const satisfies Record<string, DescribedForecast>;

/** Returns what the disk forecast means. */
export function describeForecast({ status, bytes_per_day, full_in_days }: Forecast): DescribedForecast {
  if (status !== 'filling') return WITHOUT_DAYS[status];
  const days = full_in_days ?? 0;
  const tone = days < URGENT_DAYS ? 'bad' : days < SOON_DAYS ? 'warn' : 'good';
  return {
    tone,
    title: `The disk will be full in ${nameTime(days)}`,
    text: `At the rate of the last 7 days, which is ${formatBytes(bytes_per_day ?? 0)} per day.`,
  };
}

function nameTime(days: number): string {
  if (days < 1) return 'less than a day';
  if (days < 2 * YEAR_DAYS) return `about ${formatAmount(days, 'day')}`;
  const years = Math.floor(days / YEAR_DAYS);
  return years >= YEARS_MAX ? `more than ${YEARS_MAX} years` : `about ${formatCount(years)} years`;
}
