import { amplitudeRoutes } from './amplitude/routes.ts';
import { aptabaseRoutes } from './aptabase/routes.ts';
import { batchRoute } from './batch-route.ts';
import { jitsuRoutes } from './jitsu/routes.ts';
import { mixpanelRoutes } from './mixpanel/routes.ts';
import { openpanelRoutes } from './openpanel/routes.ts';
import { posthogRoutes } from './posthog/routes.ts';
import { rudderstackRoutes } from './rudderstack/routes.ts';
import { segmentRoutes } from './segment/routes.ts';

/** The routes that other vendors' SDKs call: a folder per dialect. */
export const sdkRoutes = [
  batchRoute,
  ...posthogRoutes,
  ...segmentRoutes,
  ...rudderstackRoutes,
  ...amplitudeRoutes,
  ...jitsuRoutes,
  ...openpanelRoutes,
  ...aptabaseRoutes,
  ...mixpanelRoutes,
];
