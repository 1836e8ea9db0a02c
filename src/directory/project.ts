import type { RateLimits } from '../limits/rate-limits.ts';

/** Maximum days that a project can set as the longest lifetime of a new key. */
export const KEY_LIFETIME_DAYS_MAX = 3_650;

/** Maximum minutes that a project can set until a leaked key is disabled: a week. */
export const DISABLE_AFTER_MINUTES_MAX = 10_080;

/** Maximum days that a project can keep events for, if it does not keep them forever. */
export const RETENTION_DAYS_MAX = 36_500;

/** A project. It owns apps, keys and events, which no other project can access. Times are epoch milliseconds. */
export type Project = {
  id: string;
  name: string;
  /** The longest lifetime of a new key, in days; null for unlimited. */
  maxKeyLifetimeDays: number | null;
  /** Whether analytics include revenue that was sent with a client key. */
  countUnverifiedRevenue: boolean;
  /** What happens to a key that is reported as leaked: `revoke`, or the minutes until it is disabled. */
  leakedKeyPolicy: 'revoke' | number;
  /** The default rate limits of its keys where they differ from the installation's; null if none do. */
  rateLimits: RateLimits | null;
  /** After how many days events are deleted; null if they are kept. */
  retentionDays: number | null;
  createdAt: number;
  updatedAt: number;
  /** Set while the project is deleted: its keys are refused, its members don't see it, and it can be restored. */
  deletedAt: number | null;
  revision: number;
};
