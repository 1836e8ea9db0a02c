import type { HOUR_METRICS, Metric } from './metrics.ts';

/** How each metric is counted; answers contain this text in `meta.definitions`. */
export const METRIC_DEFINITIONS: Record<Metric, string> = {
  dau: "People (distinct app_user_id) with at least one event that day in the reporting timezone. Exact, not estimated. Someone active on two days counts once on each, so days don't add up to weeks.",
  new_users:
    'Users whose first event ever in this app was on that day in the reporting timezone, whatever the range of the query. With filters: those of them who also have an event that matches the filters on that day.',
  sessions:
    'Distinct pairs of app_user_id and session_id with at least one event that day; events without session_id are not counted. Days do not add up to weeks: a session over midnight counts on both days.',
  events: 'Events of that day by their own timestamp in the reporting timezone, each event_id once.',
  revenue:
    "Sum of properties.revenue over all events that have it; an event named refund subtracts its absolute value. revenue counts the amounts in the app's currency only, revenue_by_currency each currency separately; nothing is converted. Exact decimals.",
};

/** How the metrics of an hour are counted. */
export const HOUR_DEFINITIONS: Record<(typeof HOUR_METRICS)[number], string> = {
  active_users:
    'People with at least one event in that hour. Someone active in two hours counts once in each, so hours do not add up to days.',
  new_users: METRIC_DEFINITIONS.new_users.replaceAll('day', 'hour'),
  sessions: METRIC_DEFINITIONS.sessions.replaceAll('day', 'hour').replace('midnight', 'the full hour'),
  events: METRIC_DEFINITIONS.events.replace('day', 'hour'),
  revenue: METRIC_DEFINITIONS.revenue,
};

/** How unique users are counted. */
export const USERS_DEFINITIONS = {
  users:
    'People with at least one event in the period, each once, however many days they were active on. Exact, not estimated.',
  new_users: METRIC_DEFINITIONS.new_users.replaceAll('day', 'period'),
  partial: 'Whether some days of the calendar week or month are outside the range. Weeks start on Monday.',
} as const;

/** How the live metrics are counted. */
export const LIVE_DEFINITIONS = {
  active_users_5m: 'Distinct app_user_id with an event in the 5 minutes up to generated_at, by event time.',
  active_users_30m: 'Distinct app_user_id with an event in the 30 minutes up to generated_at, by event time.',
  dau_today: METRIC_DEFINITIONS.dau,
  revenue_today: METRIC_DEFINITIONS.revenue,
  events_per_minute:
    'Events in each of the 30 minutes up to generated_at, by event time, oldest first; the last is the 60 seconds before generated_at. Events dated later than generated_at are not counted.',
  top_events:
    'The ten most frequent events of the 30 minutes up to generated_at, ties in the order of their names.',
} as const;

/** How the metrics of a breakdown are counted. */
export const BREAKDOWN_DEFINITIONS = {
  events: 'Events of the range with this value, each event_id once.',
  users:
    'Distinct app_user_id with at least one event of the range that has this value. Values do not add up to the whole: someone who has events with two values counts once for each.',
  revenue: METRIC_DEFINITIONS.revenue,
  share:
    "Of all events, all distinct users, or all revenue in the app's currency in the range that match the filters. null if the total is zero or negative, or if refunds make the share negative or more than 1.",
  other: 'All values beyond limit, counted together; each user once.',
} as const;

/** How retention is counted. */
export const RETENTION_DEFINITIONS = {
  size: 'People whose first event ever was in this period of the reporting timezone, whatever the filters.',
  users:
    'People of the cohort who came back: on counts those with a matching event in that period, on_or_after those with one in that period or any later one until now. Filters, including event_name, apply to these events only. The first entry is the cohort itself. Periods that have not ended are null.',
  rate: 'users divided by size, 0 to 1; null for periods that have not ended and for cohorts without people.',
} as const;
