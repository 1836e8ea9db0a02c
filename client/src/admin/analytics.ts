import type {
  BreakdownAnswer,
  BreakdownQuery,
  DailyAnswer,
  DailyQuery,
  HourlyAnswer,
  HourlyQuery,
  LiveAnswer,
  LiveQuery,
  UsersAnswer,
  UsersQuery,
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
   * Returns users, sessions, events and revenue per clock hour, of today unless the query says otherwise.
   * @example
   * ```ts
   * const { data } = await admin.analytics.hourly({ app_id: appId, days: 2 });
   * for (const hour of data) console.log(hour.hour, hour.active_users);
   * ```
   */
  hourly: (query?: HourlyQuery, options?: CallOptions) => Promise<HourlyAnswer>;
  /**
   * Returns how many people were active, each counted once, over a range or per calendar period of it.
   * @example
   * ```ts
   * const { data } = await admin.analytics.users({ app_id: appId, days: 90, interval: 'week' });
   * for (const week of data) console.log(week.start, week.users, week.new_users);
   * ```
   */
  users: (query?: UsersQuery, options?: CallOptions) => Promise<UsersAnswer>;
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
    hourly: (query = {}, options) => call('analytics.hourly', { query, options }),
    users: (query = {}, options) => call('analytics.users', { query, options }),
    breakdown: (query, options) => call('analytics.breakdown', { query, options }),
    live: (query = {}, options) => call('analytics.live', { query, options }),
  };
}
