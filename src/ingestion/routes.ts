import type { Route } from '../api/route.ts';
import { collisionsRoute } from './collisions-route.ts';
import { countsRoute, type IngestionServices } from './counts-route.ts';
import { samplesRoute } from './samples-route.ts';

/** The routes of ingestion health. */
export const ingestionRoutes = [
  countsRoute,
  samplesRoute,
  collisionsRoute,
] satisfies Route<IngestionServices>[];
