/**
 * Which events a query counts; a list matches any of its values. `app_id` can be `all`. `property` and `user_property` are lists of
 * `NAME:VALUE`.
 */
export type AnalyticsQuery = {
  app_id?: string;
  timezone?: string;
  platform?: string[];
  country?: string[];
  app_version?: string[];
  event_name?: string[];
  property?: string[];
  user_property?: string[];
};

/** How the metrics of an answer were computed. */
export type AnalyticsMeta = {
  app_id: string;
  timezone: string;
  filters: Record<string, string[]>;
  currency: string;
  definitions: Record<string, string>;
  unverified_revenue: 'included' | 'excluded';
  retained_from: string | null;
  generated_at: string;
};

export type Metric = 'dau' | 'new_users' | 'sessions' | 'events' | 'revenue';

/** `days` up to today, or `start` and `end` (YYYY-MM-DD, both included). */
export type DailyQuery = AnalyticsQuery & { days?: number; start?: string; end?: string; metrics?: string[] };

/** The metrics of one day; money is an exact decimal. */
export type Day = {
  date: string;
  dau?: number;
  new_users?: number;
  sessions?: number;
  events?: number;
  revenue?: string;
  revenue_by_currency?: Record<string, string>;
};

export type DailyAnswer = {
  data: Day[];
  meta: AnalyticsMeta & { start: string; end: string; metrics: Metric[] };
};

/**
 * `by` is `event_name`, `platform`, `country`, `app_version` or `property:NAME`; `limit` is the number of values (1 to 200,
 * default 10), the rest is grouped as `other`.
 */
export type BreakdownQuery = AnalyticsQuery & {
  days?: number;
  start?: string;
  end?: string;
  by: string;
  metric?: 'events' | 'users' | 'revenue';
  limit?: number;
};

/** The requested metric and its share of the total; null if shares do not apply. */
export type Measure = {
  events?: number;
  users?: number;
  revenue?: string;
  revenue_by_currency?: Record<string, string>;
  share: number | null;
};

/** The top values, highest first, and the rest grouped as `other`; `value` is null for events without one. */
export type BreakdownAnswer = {
  data: (Measure & { value: string | null })[];
  other: Measure;
  meta: AnalyticsMeta & {
    start: string;
    end: string;
    by: string;
    metric: 'events' | 'users' | 'revenue';
    limit: number;
  };
};

export type LiveQuery = AnalyticsQuery;

export type LiveAnswer = {
  data: {
    active_users_5m: number;
    active_users_30m: number;
    dau_today: number;
    revenue_today: string;
    events_per_minute: number[];
    top_events: { event_name: string; events: number }[];
  };
  meta: AnalyticsMeta & { today: string };
};
