import type { PageQuery } from './list.ts';

export type Platform = 'ios' | 'android' | 'web' | 'server' | 'other';

export type App = {
  id: string;
  project_id: string;
  name: string;
  platform: Platform;
  bundle_id: string | null;
  timezone: string;
  currency: string;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
};

export type AppQuery = PageQuery & { deleted?: boolean };

export type NewApp = {
  name: string;
  platform: Platform;
  bundle_id?: string;
  timezone?: string;
  currency?: string;
};

/** Changes to an app; `deleted: false` restores it. */
export type AppChange = {
  name?: string;
  platform?: Platform;
  bundle_id?: string | null;
  timezone?: string;
  currency?: string;
  deleted?: false;
};

/** `rate` refills per second; `burst` can be spent immediately. */
export type Rate = { rate: number; burst: number };

export type RateLimits = {
  events?: { requests?: Rate; events?: Rate };
  analytics?: { requests?: Rate; in_flight?: number };
  management?: { requests?: Rate };
};

export type Project = {
  id: string;
  name: string;
  max_key_lifetime_days: number | null;
  count_unverified_revenue: boolean;
  leaked_key_policy: 'revoke' | number;
  rate_limits: RateLimits | null;
  retention_days: number | null;
  created_at: string;
  updated_at: string;
};

export type ProjectChange = {
  name?: string;
  max_key_lifetime_days?: number | null;
  retention_days?: number | null;
  count_unverified_revenue?: boolean;
  leaked_key_policy?: 'revoke' | number;
  rate_limits?: RateLimits | null;
};
