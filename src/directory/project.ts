import type { RateLimits } from '../limits/rate-limits.ts';

/** A project: owns apps, keys and events. Nothing crosses projects. Times are epoch milliseconds. */
export type Project = {
  id: string;
  name: string;
  /** Longest life a new key may be given, in days; null for any. */
  maxKeyLifetimeDays: number | null;
  /** Whether revenue that came with a client key is part of the numbers. */
  countUnverifiedRevenue: boolean;
  /** What happens to a key reported as leaked: `revoke`, or minutes until it is disabled. */
  leakedKeyPolicy: 'revoke' | number;
  /** The default limits of its keys, where they differ from the installation's; null when none does. */
  rateLimits: RateLimits | null;
  createdAt: number;
  updatedAt: number;
  revision: number;
};
