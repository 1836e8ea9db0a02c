import type { App } from '../../src/directory/app.ts';

/** Returns an app of the project `proj_a` whose days are those of UTC. */
export const plainApp = (): App => ({
  id: 'app_a',
  projectId: 'proj_a',
  name: 'Notes',
  platform: 'ios',
  bundleId: null,
  timezone: 'UTC',
  currency: 'USD',
  createdAt: 0,
  updatedAt: 0,
  deletedAt: null,
  revision: 1,
});
