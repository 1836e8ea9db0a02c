import type {
  BreakdownAnswer,
  BreakdownQuery,
  DailyAnswer,
  DailyQuery,
  LiveAnswer,
  LiveQuery,
} from '../api/analytics.ts';
import type { Caller, CallOptions } from './call.ts';

/** Analytics queries. */
export type Analytics = {
  /**
   * Returns daily users, sessions, events and revenue.
   * @example
   * ```ts
   * const { data } = await admin.analytics.daily({ app_id: appId, days: 7 });
   * for (const day of data) console.log(day.date, day.dau, day.revenue);
   * ```
   */
  daily: (query?: DailyQuery, options?: CallOptions) => Promise<DailyAnswer>;
  /**
   * Returns the top values of a dimension, and the rest grouped together.
   * @example
   * ```ts
   * const { data } = await admin.analytics.breakdown({ app_id: appId, by: 'country', metric: 'users', days: 30 });
   * for (const { value, users, share } of data) console.log(value, users, share);
   * ```
   */
  breakdown: (query: BreakdownQuery, options?: CallOptions) => Promise<BreakdownAnswer>;
  /**
   * Returns live metrics.
   * @example
   * ```ts
   * const { data } = await admin.analytics.live({ app_id: appId });
   * console.log(data.active_users_5m);
   * ```
   */
  live: (query?: LiveQuery, options?: CallOptions) => Promise<LiveAnswer>;
};

/** Returns the analytics queries. */
export function createAnalytics({ call }: Caller): Analytics {
  return {
    daily: (query = {}, options) => call('analytics.daily', { query, options }),
    breakdown: (query, options) => call('analytics.breakdown', { query, options }),
    live: (query = {}, options) => call('analytics.live', { query, options }),
  };
}
