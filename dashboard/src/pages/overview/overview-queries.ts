import { breakdownQuery, dailyQuery } from '../../api/analytics.ts';
import type { App } from '../../api/answers.ts';
import { appsQuery, findApp } from '../../api/apps.ts';
import { queryClient } from '../../api/query-client.ts';
import { type DaySelection, parseDaySelection } from '../../lib/day-range.ts';
import { DIMENSION_NAMES, type Dimension } from './dimensions.ts';
import { DEFAULT_DAYS, type Measure, parseMeasure, rangeQuery } from './range.ts';

/** What the page shows: an app, days and a time zone. */
export type OverviewParams = { projectId: string; app: App; days: DaySelection; timezone: string };

export type OverviewSearch = {
  app?: string;
  range?: string | undefined;
  timezone?: string | undefined;
  by?: string;
};

/** Returns what a URL selects; by default the last 30 days in the app's time zone. */
export function overviewParams(
  projectId: string,
  app: App,
  { range, timezone }: OverviewSearch,
): OverviewParams {
  return {
    projectId,
    app,
    days: parseDaySelection(range) ?? DEFAULT_DAYS,
    timezone: timezone ?? app.timezone,
  };
}

/** The selected days, and the same number before them. */
export function comparedDaysQuery({ projectId, app, days, timezone }: OverviewParams) {
  return dailyQuery(projectId, { app_id: app.id, timezone, ...rangeQuery(days, true) });
}

const VALUES_MAX = 8;

/** The largest values of one dimension. */
export function topValuesQuery(
  { projectId, app, days, timezone }: OverviewParams,
  by: Dimension,
  measure: Measure,
) {
  const query = {
    app_id: app.id,
    timezone,
    ...rangeQuery(days, false),
    by,
    metric: measure,
    limit: VALUES_MAX,
  };
  return breakdownQuery(projectId, query);
}

/** Prefetches all queries of the page before it renders. The page repeats what fails, and reports errors. */
export async function prefetchOverview(projectId: string, search: OverviewSearch): Promise<void> {
  const apps = await queryClient.ensureQueryData(appsQuery(projectId)).catch(() => []);
  const app = findApp(apps, search.app);
  if (app === undefined) return;
  const subject = overviewParams(projectId, app, search);
  void queryClient.prefetchQuery(comparedDaysQuery(subject));
  for (const by of DIMENSION_NAMES) {
    void queryClient.prefetchQuery(topValuesQuery(subject, by, parseMeasure(search.by)));
  }
}
