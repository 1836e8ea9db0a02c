import type { RateLimits } from '../limits/rate-limits.ts';

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
  createdAt: number;
  updatedAt: number;
  revision: number;
};
