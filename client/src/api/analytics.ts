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
export type DailyQuery = AnalyticsQuery & RangeQuery & { metrics?: string[] };

/** The days of a query, and whether to add as many days directly before under `previous`. */
export type RangeQuery = { days?: number; start?: string; end?: string; compare?: 'previous' };

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
  previous?: Day[];
  meta: AnalyticsMeta & { start: string; end: string; metrics: Metric[] };
};

export type HourMetric = 'active_users' | 'new_users' | 'sessions' | 'events' | 'revenue';

/** At most 31 days, today by default. */
export type HourlyQuery = AnalyticsQuery & RangeQuery & { metrics?: string[] };

/** The metrics of the clock hour that starts at `hour` (UTC); money is an exact decimal. */
export type Hour = {
  hour: string;
  active_users?: number;
  new_users?: number;
  sessions?: number;
  events?: number;
  revenue?: string;
  revenue_by_currency?: Record<string, string>;
};

export type HourlyAnswer = {
  data: Hour[];
  previous?: Hour[];
  meta: AnalyticsMeta & { start: string; end: string; metrics: HourMetric[] };
};

/** The periods to count in: the whole `range` by default, or its calendar days, weeks (from Monday) or months. */
export type UsersQuery = AnalyticsQuery & RangeQuery & { interval?: 'range' | 'day' | 'week' | 'month' };

/** The users of a period; `partial` if a part of the week or month is outside the range. */
export type PeriodUsers = { start: string; end: string; users: number; new_users: number; partial: boolean };

export type UsersAnswer = {
  data: PeriodUsers[];
  previous?: PeriodUsers[];
  meta: AnalyticsMeta & { start: string; end: string; interval: 'range' | 'day' | 'week' | 'month' };
};

/**
 * `by` is `event_name`, `platform`, `country`, `app_version` or `property:NAME`; `limit` is the number of values (1 to 200,
 * default 10), the rest is grouped as `other`.
 */
export type BreakdownQuery = AnalyticsQuery &
  RangeQuery & {
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
  previous?: { data: (Measure & { value: string | null })[]; other: Measure };
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
