import { breakdownQuery, dailyQuery } from '../../api/analytics.ts';
import type { App } from '../../api/answers.ts';
import { appsQuery, findApp } from '../../api/apps.ts';
import { queryClient } from '../../api/query-client.ts';
import { parseWantedDays, type WantedDays } from '../../lib/day-range.ts';
import { DIMENSION_NAMES, type Dimension } from './dimensions.ts';
import { DEFAULT_DAYS, type Measure, parseMeasure, rangeQuery } from './wanted.ts';

/** Which numbers are looked at. */
export type Subject = { projectId: string; app: App; wanted: WantedDays; timezone: string };

export type OverviewSearch = {
  app?: string;
  range?: string | undefined;
  timezone?: string | undefined;
  by?: string;
};

/** Returns which numbers of an app an address asks for: of the last 30 days, as the app's clock goes, unless it says so. */
export function subjectOf(projectId: string, app: App, { range, timezone }: OverviewSearch): Subject {
  return {
    projectId,
    app,
    wanted: parseWantedDays(range) ?? DEFAULT_DAYS,
    timezone: timezone ?? app.timezone,
  };
}

/** The days that are looked at, and as many before them. */
export function comparedDaysQuery({ projectId, app, wanted, timezone }: Subject) {
  return dailyQuery(projectId, { app_id: app.id, timezone, ...rangeQuery(wanted, true) });
}

const VALUES_MAX = 8;

/** The largest values of one dimension. */
export function topValuesQuery(
  { projectId, app, wanted, timezone }: Subject,
  by: Dimension,
  measure: Measure,
) {
  const days = rangeQuery(wanted, false);
  const query = { app_id: app.id, timezone, ...days, by, metric: measure, limit: VALUES_MAX };
  return breakdownQuery(projectId, query);
}

/** Asks for all numbers of the page before it is drawn. What fails is asked for again, and told, by the page. */
export async function prefetchNumbers(projectId: string, search: OverviewSearch): Promise<void> {
  const apps = await queryClient.ensureQueryData(appsQuery(projectId)).catch(() => []);
  const app = findApp(apps, search.app);
  if (app === undefined) return;
  const subject = subjectOf(projectId, app, search);
  void queryClient.prefetchQuery(comparedDaysQuery(subject));
  for (const by of DIMENSION_NAMES) {
    void queryClient.prefetchQuery(topValuesQuery(subject, by, parseMeasure(search.by)));
  }
}
