import { breakdownQuery, dailyQuery } from '../../api/analytics.ts';
import type { App } from '../../api/answers.ts';
import { appsQuery, findApp } from '../../api/apps.ts';
import { queryClient } from '../../api/query-client.ts';
import { AUTOMATIC_NAMES } from '../../lib/automatic-events.ts';
import { type DaySelection, parseDaySelection } from '../../lib/day-range.ts';
import { DIMENSION_NAMES, type Dimension } from './dimensions.ts';
import { DEFAULT_DAYS, type Measure, parseMeasure, rangeQuery } from './range.ts';
import { VALUES_MAX } from './ranking.ts';

/** What the page shows: an app, days, a time zone and the currency of revenue. */
export type OverviewParams = {
  projectId: string;
  app: App;
  days: DaySelection;
  timezone: string;
  currency: string;
};

export type OverviewSearch = {
  app?: string;
  range?: string | undefined;
  timezone?: string | undefined;
  currency?: string | undefined;
  by?: string;
};

/** Returns what a URL selects; by default the last 30 days in the app's time zone and currency. */
export function overviewParams(
  projectId: string,
  app: App,
  { range, timezone, currency }: OverviewSearch,
): OverviewParams {
  return {
    projectId,
    app,
    days: parseDaySelection(range) ?? DEFAULT_DAYS,
    timezone: timezone ?? app.timezone,
    currency: currency ?? app.currency,
  };
}

/** The selected days, and the same number before them. */
export function comparedDaysQuery({ projectId, app, days, timezone }: OverviewParams) {
  return dailyQuery(projectId, { app_id: app.id, timezone, ...rangeQuery(days, true) });
}

/** The most the server returns: enough to rank by another currency than the app's here. */
const ALL_VALUES = 200;

/** The largest values of one dimension. */
export function topValuesQuery(
  { projectId, app, days, timezone, currency }: OverviewParams,
  by: Dimension,
  measure: Measure,
) {
  const isRankedHere = measure === 'revenue' && currency !== app.currency;
  const query = {
    app_id: app.id,
    timezone,
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
  const app = findApp(apps, search.app);
  if (app === undefined) return;
  const subject = overviewParams(projectId, app, search);
  void queryClient.prefetchQuery(comparedDaysQuery(subject));
  void queryClient.prefetchQuery(uniqueUsersQuery(subject));
  for (const by of DIMENSION_NAMES) {
    void queryClient.prefetchQuery(topValuesQuery(subject, by, parseMeasure(search.by)));
  }
}
