import { type Analytics, createAnalytics } from './admin/analytics.ts';
import { type Annotations, createAnnotations } from './admin/annotations.ts';
import { type ApiKeys, createApiKeys } from './admin/api-keys.ts';
import { type Apps, createApps } from './admin/apps.ts';
import { type AuditLog, createAuditLog } from './admin/audit-log.ts';
import { createCaller } from './admin/call.ts';
import { createEvents, type Events } from './admin/events.ts';
import { createFunnels, type Funnels } from './admin/funnels.ts';
import { createIngestion, type IngestionOperations } from './admin/ingestion.ts';
import { createProject, type ProjectOperations } from './admin/project.ts';
import { createUsers, type Users } from './admin/users.ts';
import { createViews, type Views } from './admin/views.ts';
import { type Fetch, GLOBAL_FETCH } from './http/transport.ts';
import type { OnWait } from './retry/deadline.ts';
import { checkOptions } from './runtime/check-options.ts';
import { type Clock, SYSTEM_CLOCK } from './runtime/clock.ts';

/** Options of an admin client. */
export type AppflowAdminOptions = {
  /** A server key (`sk_`) or a read-only key (`ro_`). */
  apiKey: string;
  /** The URL of the server, e.g. `https://events.example.com`. */
  baseUrl: string;
  /** How long a call may take, including waits for rate limits and retries; default five minutes. */
  timeLimitMs?: number;
  /** Called when a call starts to wait for a rate limit or a retry; if it throws, the call fails with that error. */
  onWait?: OnWait;
  fetch?: Fetch;
  clock?: Clock;
  random?: () => number;
};

const TIME_LIMIT_MS = 5 * 60_000;

/**
 * Everything a server key or a read-only key can do: one method per operation. Calls share the waits for rate limits and are
 * retried if that can help; failures throw AppflowError.
 * @example
 * ```ts
 * import { AppflowAdmin } from '@appflow/client/admin';
 *
 * const admin = new AppflowAdmin({ apiKey: 'sk_af1_…', baseUrl: 'http://127.0.0.1:8080' });
 * const { data } = await admin.apps.list();
 * console.log(data.length);
 * ```
 */
export class AppflowAdmin {
  readonly analytics: Analytics;
  readonly annotations: Annotations;
  readonly apiKeys: ApiKeys;
  readonly apps: Apps;
  readonly auditLog: AuditLog;
  readonly events: Events;
  readonly ingestion: IngestionOperations;
  readonly project: ProjectOperations;
  readonly funnels: Funnels;
  readonly views: Views;
  readonly users: Users;

  /** Throws AppflowError if the key or the URL cannot work, and in a browser for a server key. */
  constructor(options: AppflowAdminOptions) {
    // Read-only keys are allowed in pages on their allowed origins.
    checkOptions(options, /^sk_/);
    const { apiKey, baseUrl, clock = SYSTEM_CLOCK, fetch = GLOBAL_FETCH } = options;
    const { timeLimitMs = TIME_LIMIT_MS, random = Math.random } = options;
    const caller = createCaller({ apiKey, baseUrl, fetch, clock }, timeLimitMs, random, options.onWait);
    this.analytics = createAnalytics(caller);
    this.annotations = createAnnotations(caller);
    this.apiKeys = createApiKeys(caller);
    this.apps = createApps(caller);
    this.auditLog = createAuditLog(caller);
    this.events = createEvents(caller, clock);
    this.ingestion = createIngestion(caller);
    this.project = createProject(caller);
    this.funnels = createFunnels(caller);
    this.views = createViews(caller);
    this.users = createUsers(caller);
  }
}
