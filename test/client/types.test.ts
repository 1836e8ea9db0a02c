import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Static, TSchema } from 'typebox';
import type { OPERATIONS } from '../../client/src/admin/operations.ts';
import type * as wire from '../../client/src/api/wire.ts';
import type { BREAKDOWN_ANSWER, BREAKDOWN_QUERY } from '../../src/analytics/breakdown.ts';
import type { DAILY_ANSWER, DAILY_QUERY } from '../../src/analytics/daily.ts';
import type { LIVE_ANSWER, LIVE_QUERY } from '../../src/analytics/live.ts';
import type { ErrorCode } from '../../src/api/error-codes.ts';
import type { FieldError } from '../../src/api/errors.ts';
import type { APP_JSON } from '../../src/apps/app-json.ts';
import type { CREATE_APP_BODY } from '../../src/apps/create.ts';
import type { APP_LIST_QUERY } from '../../src/apps/routes.ts';
import type { UPDATE_APP_BODY } from '../../src/apps/update.ts';
import type { AUDIT_ENTRY_JSON } from '../../src/audit/list.ts';
import type { AUDIT_QUERY } from '../../src/audit/routes.ts';
import type { CONTEXT_KEYS } from '../../src/events/ingest/context.ts';
import type { EVENT_KEYS } from '../../src/events/ingest/event.ts';
import type { BATCH_ANSWER, BATCH_BODY } from '../../src/events/ingest/ingest.ts';
import type { SEARCH_ANSWER, SEARCH_QUERY } from '../../src/events/search.ts';
import type { STREAM_QUERY } from '../../src/events/stream.ts';
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
  Proof<Same<wire.ErrorCode, ErrorCode>>,
  Proof<Same<wire.FieldError, FieldError>>,
  Proof<Same<keyof wire.EventInput, (typeof EVENT_KEYS)[number]>>,
  Proof<Same<keyof wire.EventContext, (typeof CONTEXT_KEYS)[number]>>,
  Proof<
    { app_id?: string; sent_at?: string; events: wire.EventInput[] } extends Static<typeof BATCH_BODY>
      ? true
      : false
  >,
  Proof<Is<wire.BatchAnswer, typeof BATCH_ANSWER>>,
  Proof<Is<wire.EventQuery & { format?: 'json' | wire.ExportFormat }, typeof SEARCH_QUERY>>,
  Proof<Is<wire.Page<wire.StoredEvent>, typeof SEARCH_ANSWER>>,
  Proof<Is<wire.StreamFilter, typeof STREAM_QUERY>>,
  Proof<Is<wire.DailyQuery, typeof DAILY_QUERY>>,
  Proof<Is<wire.DailyAnswer, typeof DAILY_ANSWER>>,
  Proof<Is<wire.BreakdownQuery, typeof BREAKDOWN_QUERY>>,
  Proof<Is<wire.BreakdownAnswer, typeof BREAKDOWN_ANSWER>>,
  Proof<Is<wire.LiveQuery, typeof LIVE_QUERY>>,
  Proof<Is<wire.LiveAnswer, typeof LIVE_ANSWER>>,
  Proof<Is<wire.App, typeof APP_JSON>>,
  Proof<Is<wire.AppQuery, typeof APP_LIST_QUERY>>,
  Proof<Is<wire.NewApp, typeof CREATE_APP_BODY>>,
  Proof<Is<wire.AppChange, typeof UPDATE_APP_BODY>>,
  Proof<Is<wire.Project, typeof PROJECT_JSON>>,
  Proof<Is<wire.ProjectChange, typeof UPDATE_PROJECT_BODY>>,
  Proof<Is<wire.ApiKey, typeof API_KEY_JSON>>,
  Proof<Is<wire.ApiKeyWithSecret, typeof KEY_WITH_SECRET_JSON>>,
  Proof<Is<wire.NewKey, typeof CREATE_KEY_BODY>>,
  Proof<Is<wire.KeyChange, typeof UPDATE_KEY_BODY>>,
  Proof<Is<wire.KeyQuery, typeof KEY_LIST_QUERY>>,
  Proof<Is<wire.Rotation, typeof ROTATE_KEY_BODY>>,
  Proof<Is<{ reason?: wire.RevokeReason }, typeof REVOKE_QUERY>>,
  Proof<Is<wire.OwnKey, typeof SELF_JSON>>,
  Proof<Is<wire.LeakReport, typeof LEAK_REPORT_JSON>>,
  Proof<Is<wire.UsageQuery, typeof USAGE_QUERY>>,
  Proof<Is<{ data: wire.UsageHour[] }, typeof USAGE_JSON>>,
  Proof<Is<wire.AuditEntry, typeof AUDIT_ENTRY_JSON>>,
  Proof<Is<wire.AuditQuery & { format?: 'json' | wire.ExportFormat }, typeof AUDIT_QUERY>>,
  Proof<Same<(typeof OPERATIONS)[keyof typeof OPERATIONS]['category'], Category>>,
];

// Each of these differs in one small way.
export type NegativeCases = [
  // @ts-expect-error one code too many
  Proof<Same<wire.ErrorCode | 'another', ErrorCode>>,
  // @ts-expect-error one member too many
  Proof<Is<wire.App & { more?: string }, typeof APP_JSON>>,
  // @ts-expect-error a missing member
  Proof<Is<Omit<wire.App, 'currency'>, typeof APP_JSON>>,
  // @ts-expect-error optional instead of required
  Proof<Is<Partial<wire.ApiKey>, typeof API_KEY_JSON>>,
  // @ts-expect-error null where it is not allowed
  Proof<Is<Omit<wire.Project, 'name'> & { name: string | null }, typeof PROJECT_JSON>>,
];

it("has types equal to the server's schemas", () => {
  // tsc decides: `npm run check` compiles this file.
  assert.ok(true);
});
