// What the server answers, under the names the pages use. Every type comes from the schema of a route.
import type { Scope } from '../../../src/directory/scopes.ts';
import type { AnswerOf, BodyOf, QueryOf } from './endpoints.ts';

type ItemOf<Page extends { data: unknown[] }> = Page['data'][number];

export type App = AnswerOf<'GET /app/v1/projects/{project_id}/apps/{id}'>;
export type Platform = App['platform'];
export type ApiKey = AnswerOf<'GET /app/v1/projects/{project_id}/api-keys/{id}'>;
export type KeyWithSecret = AnswerOf<'POST /app/v1/projects/{project_id}/api-keys'>;
export type KeyType = ApiKey['type'];
export type KeyStatus = ApiKey['status'];
export type KeyScope = ApiKey['scopes'][number];
export type KeyRateLimits = NonNullable<ApiKey['rate_limits']>;
export type RevokeReason = NonNullable<
  QueryOf<'DELETE /app/v1/projects/{project_id}/api-keys/{id}'>['reason']
>;
/** The requests of a key in one hour and one category. */
export type UsageHour = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/api-keys/{id}/usage'>>;
export type ProjectSettings = AnswerOf<'GET /app/v1/projects/{project_id}/project'>;
export type AuditEntry = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/audit-log'>>;
export type DailyAnswer = AnswerOf<'GET /app/v1/projects/{project_id}/analytics/daily'>;
export type BreakdownAnswer = AnswerOf<'GET /app/v1/projects/{project_id}/analytics/breakdown'>;
export type HourlyAnswer = AnswerOf<'GET /app/v1/projects/{project_id}/analytics/hourly'>;
export type UsersAnswer = AnswerOf<'GET /app/v1/projects/{project_id}/analytics/users'>;
export type LiveAnswer = AnswerOf<'GET /app/v1/projects/{project_id}/analytics/live'>;
export type IngestionAnswer = AnswerOf<'GET /app/v1/projects/{project_id}/ingestion'>;
export type IngestionCounts = ItemOf<IngestionAnswer>;
export type IngestionSample = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/ingestion/samples'>>;
export type NameCollision = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/ingestion/name-collisions'>>;
export type RetentionAnswer = AnswerOf<'GET /app/v1/projects/{project_id}/analytics/retention'>;
export type FunnelAnswer = AnswerOf<'POST /app/v1/projects/{project_id}/analytics/funnel'>;
export type Funnel = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/funnels'>>;
export type FunnelDefinition = Funnel['definition'];
export type EventRecord = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/events'>>;
export type HistogramAnswer = AnswerOf<'GET /app/v1/projects/{project_id}/events/histogram'>;
export type Annotation = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/annotations'>>;
export type View = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/views'>>;
export type UserSummary = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/users'>>;
export type UserProfile = AnswerOf<'GET /app/v1/projects/{project_id}/users/{app_user_id}'>;
export type Erasure = AnswerOf<'GET /app/v1/projects/{project_id}/erasures/{id}'>;
export type Session = AnswerOf<'GET /app/v1/session'>;
export type SessionProject = Session['projects'][number];
export type Role = SessionProject['role'];
export type Installation = AnswerOf<'GET /app/v1/installation'>;
export type BrowserSession = ItemOf<AnswerOf<'GET /app/v1/sessions'>>;
export type TotpEnrollment = AnswerOf<'POST /app/v1/account/totp'>;
export type Member = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/members'>>;
export type Invitation = ItemOf<AnswerOf<'GET /app/v1/projects/{project_id}/invitations'>>;
export type NewInvitation = AnswerOf<'POST /app/v1/projects/{project_id}/invitations'>;
export type InvitationPreview = AnswerOf<'POST /app/v1/invitations/look'>;

/** What a member may do: the scopes of keys, and two that only roles have. */
export type MemberScope = Scope;

/** What the pages send. */
export type NewApp = BodyOf<'POST /app/v1/projects/{project_id}/apps'>;
export type AppChange = BodyOf<'PATCH /app/v1/projects/{project_id}/apps/{id}'>;
export type NewKey = BodyOf<'POST /app/v1/projects/{project_id}/api-keys'>;
export type KeyChange = BodyOf<'PATCH /app/v1/projects/{project_id}/api-keys/{id}'>;
export type Rotation = BodyOf<'POST /app/v1/projects/{project_id}/api-keys/{id}/rotate'>;
export type SettingsChange = BodyOf<'PATCH /app/v1/projects/{project_id}/project'>;
export type EventQuery = QueryOf<'GET /app/v1/projects/{project_id}/events'>;
export type EventExportQuery = QueryOf<'GET /app/v1/projects/{project_id}/events/export'>;
export type IngestionQuery = QueryOf<'GET /app/v1/projects/{project_id}/ingestion'>;
export type IngestionSampleQuery = QueryOf<'GET /app/v1/projects/{project_id}/ingestion/samples'>;
export type HistogramQuery = QueryOf<'GET /app/v1/projects/{project_id}/events/histogram'>;
export type NewAnnotation = BodyOf<'POST /app/v1/projects/{project_id}/annotations'>;
export type NewFunnel = BodyOf<'POST /app/v1/projects/{project_id}/funnels'>;
export type FunnelChange = BodyOf<'PATCH /app/v1/projects/{project_id}/funnels/{id}'>;
export type FunnelQuery = BodyOf<'POST /app/v1/projects/{project_id}/analytics/funnel'>;
export type RetentionQuery = QueryOf<'GET /app/v1/projects/{project_id}/analytics/retention'>;
export type NewView = BodyOf<'POST /app/v1/projects/{project_id}/views'>;
export type UserQuery = QueryOf<'GET /app/v1/projects/{project_id}/users'>;
export type AuditQuery = QueryOf<'GET /app/v1/projects/{project_id}/audit-log'>;
export type AuditExportQuery = QueryOf<'GET /app/v1/projects/{project_id}/audit-log/export'>;
export type DailyQuery = QueryOf<'GET /app/v1/projects/{project_id}/analytics/daily'>;
export type HourlyQuery = QueryOf<'GET /app/v1/projects/{project_id}/analytics/hourly'>;
export type UsersQuery = QueryOf<'GET /app/v1/projects/{project_id}/analytics/users'>;
export type LiveQuery = QueryOf<'GET /app/v1/projects/{project_id}/analytics/live'>;
export type BreakdownQuery = QueryOf<'GET /app/v1/projects/{project_id}/analytics/breakdown'>;
