import { breakdownQuery, dailyQuery } from '../../api/analytics.ts';
import type { App } from '../../api/answers.ts';
import { appsQuery, findApp } from '../../api/apps.ts';
import { queryClient } from '../../api/query-client.ts';
import { ALL_APPS } from '../../lib/all-apps.ts';
import { type AnalyticsFilter, parseFilters, toFilterQuery } from '../../lib/analytics-filters.ts';
import { AUTOMATIC_NAMES } from '../../lib/automatic-events.ts';
import {
  type DayRange,
  type DaySelection,
  dayAt,
  parseDaySelection,
  resolveDays,
} from '../../lib/day-range.ts';
import { DIMENSION_NAMES, type Dimension } from '../../lib/dimensions.ts';
import { parseInterval } from './intervals.ts';
import type { Interval } from './period-names.ts';
import { DEFAULT_DAYS, type Measure, parseMeasure, rangeQuery } from './range.ts';
import { VALUES_MAX } from './ranking.ts';

/** What the page shows: one app or all of them, days, filters, a time zone and the currency of revenue. */
export type OverviewParams = {
  projectId: string;
  /** The app, or the first one for all of them: its time zone and currency are the defaults. */
  app: App;
  /** The app's ID, or ALL_APPS. */
  appId: string;
  selection: DaySelection;
  days: DayRange;
  filters: readonly AnalyticsFilter[];
  isCompared: boolean;
  interval: Interval;
  timezone: string;
  currency: string;
};

export type OverviewSearch = {
  app?: string;
  apps?: string;
  range?: string | undefined;
  timezone?: string | undefined;
  currency?: string | undefined;
  filter?: string[];
  compare?: string;
  interval?: string;
  by?: string;
};

/** Returns what a URL selects; by default the last 30 days in the app's time zone and currency, compared. */
export function overviewParams(
  projectId: string,
  apps: readonly App[],
  search: OverviewSearch,
): OverviewParams | undefined {
  const isAll = search.apps === ALL_APPS && apps.length > 1;
  const app = isAll ? apps[0] : findApp(apps, search.app);
  if (app === undefined) return undefined;
  const selection = parseDaySelection(search.range) ?? DEFAULT_DAYS;
  const timezone = search.timezone ?? app.timezone;
  return {
    projectId,
    app,
    appId: isAll ? ALL_APPS : app.id,
    selection,
    days: resolveDays(selection, dayAt(timezone, Date.now())),
    filters: parseFilters(search.filter),
    isCompared: search.compare !== 'off',
    interval: parseInterval(search.interval),
    timezone,
    currency: search.currency ?? app.currency,
  };
}

const scopeOf = ({ appId, timezone, filters }: OverviewParams) => ({
  app_id: appId,
  timezone,
  ...toFilterQuery(filters),
});

/** The selected days, and the same number before them if they are compared. */
export function comparedDaysQuery(params: OverviewParams) {
  const { projectId, days, isCompared } = params;
  return dailyQuery(projectId, { ...scopeOf(params), ...rangeQuery(days, isCompared) });
}

/** The most the server returns: enough to rank by another currency than the app's here. */
const ALL_VALUES = 200;

/** The largest values of one dimension. */
export function topValuesQuery(params: OverviewParams, by: Dimension, measure: Measure) {
  const { projectId, app, days, currency } = params;
  const isRankedHere = measure === 'revenue' && currency !== app.currency;
  const query = {
    ...scopeOf(params),
    ...rangeQuery(days, false),
    by,
    metric: measure,
    limit: isRankedHere ? ALL_VALUES : VALUES_MAX + (by === 'event_name' ? AUTOMATIC_NAMES : 0),
  };
  return breakdownQuery(projectId, query);
}

/** Contains the distinct users of the whole range, see `countUniqueUsers`. */
export const uniqueUsersQuery = (params: OverviewParams) => topValuesQuery(params, 'platform', 'users');

/** Prefetches all queries of the page before it renders. The page repeats what fails, and reports errors. */
export async function prefetchOverview(projectId: string, search: OverviewSearch): Promise<void> {
  const apps = await queryClient.ensureQueryData(appsQuery(projectId)).catch(() => []);
  const params = overviewParams(projectId, apps, search);
  if (params === undefined) return;
  void queryClient.prefetchQuery(comparedDaysQuery(params));
  void queryClient.prefetchQuery(uniqueUsersQuery(params));
  for (const by of DIMENSION_NAMES) {
    void queryClient.prefetchQuery(topValuesQuery(params, by, parseMeasure(search.by)));
  }
}
