import { type Analytics, createAnalytics } from './admin/analytics.ts';
import { type ApiKeys, createApiKeys } from './admin/api-keys.ts';
import { type Apps, createApps } from './admin/apps.ts';
import { type AuditLog, createAuditLog } from './admin/audit-log.ts';
import { createCaller } from './admin/call.ts';
import { createEvents, type Events } from './admin/events.ts';
import { createProject, type ProjectOperations } from './admin/project.ts';
import { type Fetch, GLOBAL_FETCH } from './http/transport.ts';
import type { OnWait } from './retry/deadline.ts';
import { type Clock, SYSTEM_CLOCK } from './runtime/clock.ts';
import { refuseInBrowser } from './runtime/environment.ts';

/** What an admin client is made of. */
export type AppflowAdminOptions = {
  /** A server key (`sk_`) or a read-only key (`ro_`). */
  apiKey: string;
  /** Where the server is, e.g. `https://events.example.com`. */
  baseUrl: string;
  /** How long a call waits for limits and retries before it fails; default five minutes. */
  timeLimitMs?: number;
  /** Told when a call begins to wait for a limit or after trouble; what it throws ends the call. */
  onWait?: OnWait;
  fetch?: Fetch;
  clock?: Clock;
  random?: () => number;
};

const TIME_LIMIT_MS = 5 * 60_000;

/**
 * Everything a server key or a read-only key can do: one method for each operation. Calls wait for the server's limits
 * together and are retried when that helps; what fails throws AppflowError.
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
  readonly apiKeys: ApiKeys;
  readonly apps: Apps;
  readonly auditLog: AuditLog;
  readonly events: Events;
  readonly project: ProjectOperations;

  constructor(options: AppflowAdminOptions) {
    const { apiKey, baseUrl, clock = SYSTEM_CLOCK, fetch = GLOBAL_FETCH } = options;
    const { timeLimitMs = TIME_LIMIT_MS, random = Math.random } = options;
    // Read-only keys may be in pages that they name as their origins.
    refuseInBrowser(apiKey, ['sk_']);
    const caller = createCaller({ apiKey, baseUrl, fetch, clock }, timeLimitMs, random, options.onWait);
    this.analytics = createAnalytics(caller);
    this.apiKeys = createApiKeys(caller);
    this.apps = createApps(caller);
    this.auditLog = createAuditLog(caller);
    this.events = createEvents(caller, clock);
    this.project = createProject(caller);
  }
}
