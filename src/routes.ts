import { accountRoutes } from './accounts/account-routes.ts';
import { signInRoutes } from './accounts/sign-in-routes.ts';
import { funnelRoutes } from './analytics/funnel/routes.ts';
import { hourlyRoutes } from './analytics/hourly/routes.ts';
import { retentionRoutes } from './analytics/retention/routes.ts';
import { analyticsRoutes } from './analytics/routes.ts';
import type { Route } from './api/route.ts';
import { appRoutes } from './apps/routes.ts';
import { auditRoutes } from './audit/routes.ts';
import { VERSION } from './config/version.ts';
import { eventRoutes } from './events/routes.ts';
import { mirrorForDashboard } from './http/dashboard-routes.ts';
import { installationRoutes } from './http/installation/routes.ts';
import { describeApi } from './http/openapi/describe-api.ts';
import type { Services } from './http/pipeline/services.ts';
import { systemRoutes } from './http/system-routes.ts';
import { ingestionRoutes } from './ingestion/routes.ts';
import { keyRoutes } from './keys/routes.ts';
import { leakRoutes } from './leaks/routes.ts';
import { memberRoutes } from './members/routes.ts';
import { setUpRoutes } from './members/set-up-routes.ts';
import { ownProjectRoutes } from './projects/own-projects-routes.ts';
import { projectRoutes } from './projects/routes.ts';
import { savedRoutes } from './saved/routes.ts';
import { sdkRoutes } from './sdk/routes.ts';
import { eraseRoutes } from './users/erase-routes.ts';
import { userRoutes } from './users/routes.ts';

const API_ROUTES = [
  ...eventRoutes,
  ...ingestionRoutes,
  ...analyticsRoutes,
  ...hourlyRoutes,
  ...retentionRoutes,
  ...funnelRoutes,
  ...userRoutes,
  ...eraseRoutes,
  ...appRoutes,
  ...projectRoutes,
  ...keyRoutes,
  ...auditRoutes,
  ...savedRoutes,
  ...leakRoutes,
];

const SESSION_ROUTES = [
  ...setUpRoutes,
  ...signInRoutes,
  ...accountRoutes,
  ...ownProjectRoutes,
  ...memberRoutes,
  ...installationRoutes,
];

/** The types of the routes under `/v1`: the compiler checks the dashboard's requests against them. */
export type ApiEndpoint = NonNullable<(typeof API_ROUTES)[number]['types']>;

/** The types of the routes that only the dashboard has. */
export type DashboardEndpoint = NonNullable<(typeof SESSION_ROUTES)[number]['types']>;

/** Every route: the API's table of contents. */
export const ROUTES: readonly Route<Services>[] = [
  ...API_ROUTES,
  ...sdkRoutes,
  ...systemRoutes(() => describeApi(ROUTES, VERSION)),
];

/**
 * Every route under `/app/v1`: the API's routes again, and those that only people need. They take a session, never a
 * key, change with the dashboard and are therefore not in OpenAPI.
 */
export const DASHBOARD_ROUTES: readonly Route<Services>[] = [
  ...SESSION_ROUTES,
  ...mirrorForDashboard(ROUTES),
];
