import type { HOUR_METRICS, Metric } from './metrics.ts';

/** How each metric is counted; answers contain this text in `meta.definitions`. */
export const METRIC_DEFINITIONS: Record<Metric, string> = {
  dau: "People (linked IDs are one person) with at least one event that day in the reporting timezone. Exact, not estimated. Someone active on two days counts once on each, so days don't add up to weeks.",
  new_users:
    'Users whose first event ever in this app was on that day in the reporting timezone, whatever the range of the query. With filters: only those who also have a matching event on that day.',
  sessions:
    "Distinct pairs of person and session_id, in one app, with at least one event that day; events without session_id are not counted. Days don't add up to weeks: a session that spans midnight counts on both days.",
  events: 'Events of that day by their own timestamp in the reporting timezone, each event_id once.',
  revenue:
    "Sum of properties.revenue over all events that have it; an event named refund subtracts its absolute value. revenue counts the amounts in the app's currency only, revenue_by_currency each currency separately; nothing is converted. Exact decimals.",
};

/** How the metrics of an hour are counted. */
export const HOUR_DEFINITIONS: Record<(typeof HOUR_METRICS)[number], string> = {
  active_users:
    'People with at least one event in that hour. Someone active in two hours counts once in each, so hours do not add up to days.',
  new_users:
    'People whose first event ever was in that hour. With filters: only those who also have a matching event in that hour.',
  sessions:
    'Distinct pairs of person and session_id, in one app, with at least one event in that hour; events without session_id are not counted. A session that spans two hours counts in both.',
  events: 'Events of that hour by their own timestamp, each event_id once.',
  revenue: METRIC_DEFINITIONS.revenue,
};

/** How unique users are counted. */
export const USERS_DEFINITIONS = {
  users:
    'People with at least one event in the period, each once, however many days they were active on. Exact, not estimated.',
  new_users:
    'People whose first event ever was in the period. With filters: only those who also have a matching event in the period.',
  partial: 'Whether some days of the calendar week or month are outside the range. Weeks start on Monday.',
} as const;

/** How the live metrics are counted. */
export const LIVE_DEFINITIONS = {
  active_users_5m: 'People with an event in the 5 minutes up to generated_at, by event time.',
  active_users_30m: 'People with an event in the 30 minutes up to generated_at, by event time.',
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
    'People with at least one event of the range that has this value. Values do not add up to the whole: someone who has events with two values counts once for each.',
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

/** How a funnel is counted. */
export const FUNNEL_DEFINITIONS = {
  users:
    'People, not events: each counts once, with their best attempt, in every step up to the last one they did. The first step is in the range (in any order: the first event); later steps may follow after it, within window_seconds of the first event, to the millisecond. Other events may lie between, events at the same time count as ordered, and one event fills one step. The best attempt has the most steps; of several, the one that got there first, and of these the one that started last.',
  conversion: 'users divided by the users of the first step, 0 to 1; null if there are none.',
  conversion_from_previous: 'users divided by the users of the previous step, 0 to 1.',
  median_seconds:
    'Median time between the previous step and this one, each at its earliest in the best attempt; in any order, between the first event and the one that completes this step and all before it.',
  breakdown:
    'The value of the event that the best attempt starts with; if several start it at the same time, the most frequent value.',
} as const;
