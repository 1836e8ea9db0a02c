import type {
  BreakdownAnswer,
  BreakdownQuery,
  DailyAnswer,
  DailyQuery,
  LiveAnswer,
  LiveQuery,
  RetentionAnswer,
  RetentionQuery,
} from '../api/analytics.ts';
import type { FunnelAnswer, FunnelQuery } from '../api/funnels.ts';
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
  /**
   * Returns how many people of each cohort came back.
   * @example
   * ```ts
   * const { data } = await admin.analytics.retention({ app_id: appId, interval: 'week', periods: 4, days: 60 });
   * for (const { cohort, size, rate } of data) console.log(cohort, size, rate);
   * ```
   */
  retention: (query?: RetentionQuery, options?: CallOptions) => Promise<RetentionAnswer>;
  /**
   * Returns how many people did each step of a funnel.
   * @example
   * ```ts
   * const steps = [{ event_name: 'trial_started' }, { event_name: 'purchase_complete' }];
   * const { data } = await admin.analytics.funnel({ app_id: appId, days: 30, steps });
   * console.log(data);
   * ```
   */
  funnel: (query: FunnelQuery, options?: CallOptions) => Promise<FunnelAnswer>;
};

/** Returns the analytics queries. */
export function createAnalytics({ call }: Caller): Analytics {
  return {
    daily: (query = {}, options) => call('analytics.daily', { query, options }),
    breakdown: (query, options) => call('analytics.breakdown', { query, options }),
    live: (query = {}, options) => call('analytics.live', { query, options }),
    retention: (query = {}, options) => call('analytics.retention', { query, options }),
    funnel: (body, options) => call('analytics.funnel', { body, options }),
  };
}
