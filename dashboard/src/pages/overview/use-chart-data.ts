import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { compareHours, groupDays, intervalOf, toPeriodUsers } from './intervals.ts';
import type { Comparison, Metric } from './metrics.ts';
import { comparedHoursQuery, type OverviewParams, usersOfPeriodsQuery } from './overview-queries.ts';

/** What the chart or the table shows; without `comparison`, it is still loading, or `error` says why it is missing. */
export type ChartData = {
  comparison: Comparison | undefined;
  error: unknown;
  refetch: () => unknown;
};

const FRESH_MS = 60_000;

/**
 * Returns a metric in the interval of the page: days from `days`, and what they add up to. Hours, and the users of weeks and
 * months, have queries of their own. The table has only what adds up.
 */
export function useChartData(
  params: OverviewParams,
  days: Comparison,
  metric: Metric,
  isTable: boolean,
): ChartData {
  const interval = isTable ? params.interval : intervalOf(metric, params.interval);
  const isLonger = interval === 'week' || interval === 'month';
  const options = { placeholderData: keepPreviousData, refetchInterval: FRESH_MS };
  const hours = useQuery({ ...comparedHoursQuery(params), ...options, enabled: interval === 'hour' });
  const users = useQuery({
    ...usersOfPeriodsQuery(params, interval === 'month' ? 'month' : 'week'),
    ...options,
    enabled: isLonger && metric === 'dau' && !isTable,
  });
  const added = useMemo(() => groupDays(days, interval), [days, interval]);
  if (interval === 'hour') return toData(hours, compareHours);
  if (isLonger && metric === 'dau' && !isTable)
    return toData(users, (answer) => toPeriodUsers(answer, interval));
  return { comparison: added, error: null, refetch: () => undefined };
}

const toData = <Answer>(
  { data, error, refetch }: Pick<UseQueryResult<Answer>, 'data' | 'error' | 'refetch'>,
  toComparison: (answer: Answer) => Comparison,
): ChartData => ({ comparison: data && toComparison(data), error, refetch });
