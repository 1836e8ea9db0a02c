import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Static, TSchema } from 'typebox';
import type { OPERATIONS } from '../../client/src/admin/operations.ts';
import type * as analytics from '../../client/src/api/analytics.ts';
import type * as auditLog from '../../client/src/api/audit-log.ts';
import type * as errors from '../../client/src/api/error-code.ts';
import type * as events from '../../client/src/api/events.ts';
import type * as funnels from '../../client/src/api/funnels.ts';
import type * as ingestion from '../../client/src/api/ingestion.ts';
import type * as keys from '../../client/src/api/keys.ts';
import type * as list from '../../client/src/api/list.ts';
import type * as projects from '../../client/src/api/projects.ts';
import type * as saved from '../../client/src/api/saved.ts';
import type * as users from '../../client/src/api/users.ts';
import type { BREAKDOWN_ANSWER, BREAKDOWN_QUERY } from '../../src/analytics/breakdown.ts';
import type { DAILY_ANSWER, DAILY_QUERY } from '../../src/analytics/daily.ts';
import type { FUNNEL_ANSWER, FUNNEL_BODY } from '../../src/analytics/funnel/funnel.ts';
import type { HOURLY_ANSWER, HOURLY_QUERY } from '../../src/analytics/hourly/hourly.ts';
import type { LIVE_ANSWER, LIVE_QUERY } from '../../src/analytics/live.ts';
import type { RETENTION_ANSWER, RETENTION_QUERY } from '../../src/analytics/retention/retention.ts';
import type { UNIQUE_USERS_ANSWER, UNIQUE_USERS_QUERY } from '../../src/analytics/unique-users.ts';
import type { ErrorCode } from '../../src/api/error-codes.ts';
import type { FieldError } from '../../src/api/errors.ts';
import type { APP_JSON } from '../../src/apps/app-json.ts';
import type { CREATE_APP_BODY } from '../../src/apps/create.ts';
import type { APP_LIST_QUERY } from '../../src/apps/routes.ts';
import type { UPDATE_APP_BODY } from '../../src/apps/update.ts';
import type { AUDIT_ENTRY_JSON } from '../../src/audit/list.ts';
import type { AUDIT_QUERY } from '../../src/audit/routes.ts';
import type { HISTOGRAM_ANSWER, HISTOGRAM_QUERY } from '../../src/events/histogram.ts';
import type { BATCH_ANSWER, BATCH_BODY } from '../../src/events/ingest/batch-schema.ts';
import type { CONTEXT_KEYS } from '../../src/events/ingest/context.ts';
import type { EVENT_KEYS } from '../../src/events/ingest/event.ts';
import type { SEARCH_ANSWER, SEARCH_QUERY } from '../../src/events/search.ts';
import type { STREAM_QUERY } from '../../src/events/stream.ts';
import type { COLLISION_JSON } from '../../src/ingestion/collisions-route.ts';
import type { COUNTS_ANSWER, COUNTS_QUERY } from '../../src/ingestion/counts-route.ts';
import type { SAMPLE_JSON, SAMPLES_QUERY } from '../../src/ingestion/samples-route.ts';
import type { CREATE_KEY_BODY } from '../../src/keys/create.ts';
import type { API_KEY_JSON, KEY_WITH_SECRET_JSON } from '../../src/keys/key-json.ts';
import type { ROTATE_KEY_BODY } from '../../src/keys/rotate.ts';
import type { KEY_LIST_QUERY, REVOKE_QUERY } from '../../src/keys/routes.ts';
import type { LEAK_REPORT_JSON, SELF_JSON } from '../../src/keys/self-routes.ts';
import type { UPDATE_KEY_BODY } from '../../src/keys/update.ts';
import type { USAGE_JSON, USAGE_QUERY } from '../../src/keys/usage/routes.ts';
import type { Category } from '../../src/limits/policies.ts';
import type { PROJECT_JSON } from '../../src/projects/project-json.ts';
import type { UPDATE_PROJECT_BODY } from '../../src/projects/update.ts';
import type { ANNOTATION_JSON, NEW_ANNOTATION } from '../../src/saved/annotations.ts';
import type { FUNNEL_CHANGES, FUNNEL_JSON, NEW_FUNNEL } from '../../src/saved/funnels.ts';
import type { NEW_VIEW, VIEW_CHANGES, VIEW_JSON } from '../../src/saved/views.ts';
import type { ERASURE_JSON } from '../../src/users/erasure-json.ts';
import type { USER_LIST_QUERY, USER_PAGE } from '../../src/users/list-users.ts';
import type { TIMELINE_QUERY } from '../../src/users/timeline.ts';
import type { USER_PROFILE } from '../../src/users/user-json.ts';

/** Expands an object type recursively, however it was composed. */
type Expanded<T> = T extends readonly (infer Item)[]
  ? Expanded<Item>[]
  : T extends object
    ? { [Name in keyof T]: Expanded<T[Name]> }
    : T;

/** true only for identical types, including optional and nullable members, unions and arrays. */
type Same<A, B> =
  (<T>() => T extends Expanded<A> ? 1 : 2) extends <T>() => T extends Expanded<B> ? 1 : 2 ? true : false;

type Is<Client, Schema extends TSchema> = Same<Client, Static<Schema>>;

/** Compiles only if T is true. */
type Proof<T extends true> = T;

// The proof is that tsc passes; each line is a client type and the server schema it must equal.
export type Proofs = [
  Proof<Same<errors.ErrorCode, ErrorCode>>,
  Proof<Same<errors.FieldError, FieldError>>,
  Proof<Same<keyof events.EventInput, (typeof EVENT_KEYS)[number]>>,
  Proof<Same<keyof events.EventContext, (typeof CONTEXT_KEYS)[number]>>,
  Proof<
    { app_id?: string; sent_at?: string; events: events.EventInput[] } extends Static<typeof BATCH_BODY>
      ? true
      : false
  >,
  Proof<Is<events.BatchAnswer, typeof BATCH_ANSWER>>,
  Proof<Is<events.EventQuery & { format?: 'json' | list.ExportFormat }, typeof SEARCH_QUERY>>,
  Proof<Is<list.Page<events.StoredEvent>, typeof SEARCH_ANSWER>>,
  Proof<Is<events.HistogramQuery, typeof HISTOGRAM_QUERY>>,
  Proof<Is<events.EventHistogram, typeof HISTOGRAM_ANSWER>>,
  Proof<Is<events.StreamFilter, typeof STREAM_QUERY>>,
  Proof<Is<analytics.DailyQuery, typeof DAILY_QUERY>>,
  Proof<Is<analytics.DailyAnswer, typeof DAILY_ANSWER>>,
  Proof<Is<analytics.HourlyQuery, typeof HOURLY_QUERY>>,
  Proof<Is<analytics.HourlyAnswer, typeof HOURLY_ANSWER>>,
  Proof<Is<analytics.UsersQuery, typeof UNIQUE_USERS_QUERY>>,
  Proof<Is<analytics.UsersAnswer, typeof UNIQUE_USERS_ANSWER>>,
  Proof<Is<analytics.BreakdownQuery, typeof BREAKDOWN_QUERY>>,
  Proof<Is<analytics.BreakdownAnswer, typeof BREAKDOWN_ANSWER>>,
  Proof<Is<analytics.RetentionQuery, typeof RETENTION_QUERY>>,
  Proof<Is<analytics.RetentionAnswer, typeof RETENTION_ANSWER>>,
  Proof<Is<analytics.LiveQuery, typeof LIVE_QUERY>>,
  Proof<Is<analytics.LiveAnswer, typeof LIVE_ANSWER>>,
  Proof<Is<ingestion.IngestionQuery, typeof COUNTS_QUERY>>,
  Proof<Is<ingestion.IngestionAnswer, typeof COUNTS_ANSWER>>,
  Proof<Is<ingestion.NameCollision, typeof COLLISION_JSON>>,
  Proof<Is<ingestion.IngestionSampleQuery, typeof SAMPLES_QUERY>>,
  Proof<Is<ingestion.IngestionSample, typeof SAMPLE_JSON>>,
  Proof<Is<users.UserQuery, typeof USER_LIST_QUERY>>,
  Proof<Is<list.Page<users.UserSummary>, typeof USER_PAGE>>,
  Proof<Is<users.UserProfile, typeof USER_PROFILE>>,
  Proof<Is<users.TimelineQuery, typeof TIMELINE_QUERY>>,
  Proof<Is<projects.App, typeof APP_JSON>>,
  Proof<Is<projects.AppQuery, typeof APP_LIST_QUERY>>,
  Proof<Is<projects.NewApp, typeof CREATE_APP_BODY>>,
  Proof<Is<projects.AppChange, typeof UPDATE_APP_BODY>>,
  Proof<Is<projects.Project, typeof PROJECT_JSON>>,
  Proof<Is<projects.ProjectChange, typeof UPDATE_PROJECT_BODY>>,
  Proof<Is<users.Erasure, typeof ERASURE_JSON>>,
  Proof<Is<keys.ApiKey, typeof API_KEY_JSON>>,
  Proof<Is<keys.ApiKeyWithSecret, typeof KEY_WITH_SECRET_JSON>>,
  Proof<Is<keys.NewKey, typeof CREATE_KEY_BODY>>,
  Proof<Is<keys.KeyChange, typeof UPDATE_KEY_BODY>>,
  Proof<Is<keys.KeyQuery, typeof KEY_LIST_QUERY>>,
  Proof<Is<keys.Rotation, typeof ROTATE_KEY_BODY>>,
  Proof<Is<{ reason?: keys.RevokeReason }, typeof REVOKE_QUERY>>,
  Proof<Is<keys.OwnKey, typeof SELF_JSON>>,
  Proof<Is<keys.LeakReport, typeof LEAK_REPORT_JSON>>,
  Proof<Is<keys.UsageQuery, typeof USAGE_QUERY>>,
  Proof<Is<{ data: keys.UsageHour[] }, typeof USAGE_JSON>>,
  Proof<Is<auditLog.AuditEntry, typeof AUDIT_ENTRY_JSON>>,
  Proof<Is<auditLog.AuditQuery & { format?: 'json' | list.ExportFormat }, typeof AUDIT_QUERY>>,
  Proof<Is<saved.NewAnnotation, typeof NEW_ANNOTATION>>,
  Proof<Is<saved.Annotation, typeof ANNOTATION_JSON>>,
  Proof<Is<funnels.NewFunnel, typeof NEW_FUNNEL>>,
  Proof<Is<funnels.FunnelChange, typeof FUNNEL_CHANGES>>,
  Proof<Is<funnels.Funnel, typeof FUNNEL_JSON>>,
  Proof<Is<funnels.FunnelQuery, typeof FUNNEL_BODY>>,
  Proof<Is<funnels.FunnelAnswer, typeof FUNNEL_ANSWER>>,
  Proof<Is<saved.NewView, typeof NEW_VIEW>>,
  Proof<Is<saved.ViewChange, typeof VIEW_CHANGES>>,
  Proof<Is<saved.View, typeof VIEW_JSON>>,
  Proof<Same<(typeof OPERATIONS)[keyof typeof OPERATIONS]['category'], Category>>,
];

// Each of these differs in one small way.
export type NegativeCases = [
  // @ts-expect-error one code too many
  Proof<Same<errors.ErrorCode | 'another', ErrorCode>>,
  // @ts-expect-error one member too many
  Proof<Is<projects.App & { more?: string }, typeof APP_JSON>>,
  // @ts-expect-error a missing member
  Proof<Is<Omit<projects.App, 'currency'>, typeof APP_JSON>>,
  // @ts-expect-error optional instead of required
  Proof<Is<Partial<keys.ApiKey>, typeof API_KEY_JSON>>,
  // @ts-expect-error null where it is not allowed
  Proof<Is<Omit<projects.Project, 'name'> & { name: string | null }, typeof PROJECT_JSON>>,
];

it("has types equal to the server's schemas", () => {
  // tsc decides: `npm run check` compiles this file.
  assert.ok(true);
});
