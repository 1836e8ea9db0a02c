import { analyticsRoutes } from './analytics/routes.ts';
import { appRoutes } from './apps/routes.ts';
import { eventRoutes } from './events/routes.ts';
import { describeApi } from './http/openapi.ts';
import type { Route } from './http/route.ts';
import { systemRoutes } from './http/system-routes.ts';
import { auditRoutes } from './keys/audit-routes.ts';
import { keyRoutes } from './keys/routes.ts';
import { leakRoutes } from './leaks/routes.ts';
import { projectRoutes } from './projects/routes.ts';
import { VERSION } from './version.ts';

/** Every route: the API's table of contents. */
export const ROUTES: readonly Route[] = [
  ...eventRoutes,
  ...analyticsRoutes,
  ...appRoutes,
  ...projectRoutes,
  ...keyRoutes,
  ...auditRoutes,
  ...leakRoutes,
  ...systemRoutes(() => describeApi(ROUTES, VERSION)),
];
