import type { AnalyticsMeta, AnalyticsQuery } from './analytics.ts';

/**
 * A condition for the events of a step. `property` is `platform`, `country`, `app_version` or the name of a property;
 * `exists` has no `value`.
 */
export type FunnelCondition = {
  property: string;
  op: 'is' | 'is_not' | 'contains' | 'exists' | 'gt' | 'lt';
  value?: string;
};

export type FunnelStepDefinition = { event_name: string; where?: FunnelCondition[] };

/**
 * A funnel of 2 to 10 steps, whatever the app and the days. `window_seconds` is the time for all steps (default 7 days),
 * `breakdown` is `platform`, `country`, `app_version` or `property:NAME`.
 */
export type FunnelDefinition = {
  steps: FunnelStepDefinition[];
  window_seconds?: number;
  order?: 'sequential' | 'any';
  filters?: Omit<AnalyticsQuery, 'app_id' | 'timezone'>;
  breakdown?: string;
};

/** `days` up to today, or `start` and `end` (YYYY-MM-DD, both included). */
export type FunnelQuery = FunnelDefinition & {
  app_id?: string;
  timezone?: string;
  days?: number;
  start?: string;
  end?: string;
};

/** A step: people who did it, their part of the first and of the previous step, and the median time. */
export type FunnelStep = {
  event_name: string;
  users: number;
  conversion: number | null;
  conversion_from_previous: number | null;
  median_seconds: number | null;
};

/** The steps of one value of the breakdown; `value` is null for events without one. */
export type FunnelOfValue = { value: string | null; steps: FunnelStep[] };

/** The steps; with a breakdown, those of each value, and of all others together. */
export type FunnelAnswer = {
  data: FunnelStep[] | FunnelOfValue[];
  other?: { steps: FunnelStep[] };
  meta: AnalyticsMeta & {
    start: string;
    end: string;
    steps: FunnelStepDefinition[];
    window_seconds: number;
    order: 'sequential' | 'any';
    breakdown: string | null;
  };
};

/** A funnel to save. */
export type NewFunnel = { name: string; definition: FunnelDefinition };

export type FunnelChange = { name?: string; definition?: FunnelDefinition };

/** A funnel, saved under a name. */
export type Funnel = NewFunnel & { id: string; created_at: string; updated_at: string };
