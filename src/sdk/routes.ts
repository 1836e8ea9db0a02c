import { amplitudeRoutes } from './amplitude/routes.ts';
import { batchRoute } from './batch-route.ts';
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
];
