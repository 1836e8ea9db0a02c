/** The platforms an app can have. */
export const PLATFORMS = ['ios', 'android', 'web', 'server', 'other'] as const;

/** One of `PLATFORMS`. */
export type Platform = (typeof PLATFORMS)[number];

/** One mobile or web app of a project. Times are epoch milliseconds. */
export type App = {
  id: string;
  projectId: string;
  name: string;
  platform: Platform;
  bundleId: string | null;
  /** IANA name. The days of this app's analytics start at midnight there. */
  timezone: string;
  /** ISO 4217 code of the app's `revenue`. */
  currency: string;
  createdAt: number;
  updatedAt: number;
  /** Set while the app is deleted: its events are kept, new ones are rejected, and it can be restored. */
  deletedAt: number | null;
  revision: number;
};
