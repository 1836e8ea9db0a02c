import type { ChainEnd } from '../../audit/chain.ts';
import type { FailedAuthenticationLog } from '../../audit/failures.ts';
import { findAuditHead } from '../../audit/head.ts';
import type { Control } from '../../control/open.ts';
import type { Directory } from '../../directory/directory.ts';
import type { DiskSpace } from '../../disk/space.ts';
import type { UnstoredRevocations } from '../../keys/unstored-revocations.ts';
import type { ClockState } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { BODY_BYTES_TOTAL_MAX } from '../../limits/body-budget.ts';
import type { Limiter } from '../../limits/limiter.ts';
import type { Shedding } from '../../limits/shedding.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import type { Bodies } from '../body/bodies.ts';
import type { Connections } from '../connections/connections.ts';
import type { UntrustedProxy } from '../network/untrusted-proxy.ts';
import type { Metrics } from './metrics.ts';

/** The parts of a server that have metrics, and the metrics to add them to. */
export type WatchedServices = {
  metrics: Metrics;
  control: Control;
  directory: Directory;
  disk: DiskSpace;
  unstored: UnstoredRevocations;
  clockState: ClockState;
  warehouse: Warehouse;
  limiter: Limiter;
  shedding: Shedding;
  bodies: Bodies;
  untrustedProxy: UntrustedProxy;
  connections: Connections;
  failures: FailedAuthenticationLog;
  log: Log;
};

const AUDIT_HEAD_AGE_MAX_MS = 15_000;
const MS_PER_SECOND = 1_000;

/** Adds the metrics of a running server's parts to `services.metrics`. */
export function watchServices(services: WatchedServices): void {
  services.metrics.watchProcess();
  watchKeys(services);
  watchLimiter(services);
  watchLimitStore(services);
  watchLoad(services);
  watchBodies(services);
  watchStorage(services);
  watchDisk(services);
  watchSafety(services);
  watchProxies(services);
  watchConnections(services);
  watchAuditHead(services);
}

function watchKeys({ metrics, directory, failures }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_keys',
    help: 'API keys in the in-memory directory.',
    kind: 'gauge',
    read: () => [{ value: directory.countKeys() }],
  });
  metrics.watch({
    name: 'appflow_key_directory_age_seconds',
    help: 'Time since the directory was last known to hold all that was committed.',
    kind: 'gauge',
    read: () => [{ value: directory.ageMs() / MS_PER_SECOND }],
  });
  metrics.watch({
    name: 'appflow_failed_authentications_total',
    help: 'Keys that were shown and not accepted, or not from that place, by error code. The audit log holds a sample of them; none is left out here.',
    kind: 'counter',
    labelNames: ['code'],
    read: () => [...failures.totals()].map(([code, value]) => ({ labels: { code }, value })),
  });
}

function watchLimiter({ metrics, limiter }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_ratelimit_decisions_total',
    help: 'Decisions of the rate limiter, by policy and outcome.',
    kind: 'counter',
    labelNames: ['policy', 'outcome'],
    read: () =>
      Object.entries(limiter.decisions).flatMap(([policy, outcomes]) =>
        Object.entries(outcomes).map(([outcome, value]) => ({ labels: { policy, outcome }, value })),
      ),
  });
  metrics.watch({
    name: 'appflow_ratelimit_buckets',
    help: 'Buckets in memory: keys and addresses that spent something lately.',
    kind: 'gauge',
    read: () => [{ value: limiter.countBuckets() }],
  });
}

function watchLoad({ metrics, limiter, shedding }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_queries_in_flight',
    help: 'Queries that run, or wait for a slot of their key, and streams that are open, in this process.',
    kind: 'gauge',
    labelNames: ['state'],
    read: () =>
      Object.entries({ ...limiter.countInFlight(), streaming: limiter.countStreams() }).map(
        ([state, value]) => ({ labels: { state }, value }),
      ),
  });
  metrics.watch({
    name: 'appflow_shed_requests_total',
    help: 'Requests refused with 503 before they cost anything, because the server could not keep up, by category.',
    kind: 'counter',
    labelNames: ['category'],
    read: () =>
      Object.entries(shedding.totals()).map(([category, value]) => ({ labels: { category }, value })),
  });
}

function watchBodies({ metrics, bodies }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_body_bytes',
    help: 'Bytes of request bodies in memory, and how many may be.',
    kind: 'gauge',
    labelNames: ['state'],
    read: () => [
      { labels: { state: 'in_flight' }, value: bodies.budget.bytesInFlight() },
      { labels: { state: 'max' }, value: BODY_BYTES_TOTAL_MAX },
    ],
  });
  metrics.watch({
    name: 'appflow_bodies_refused_total',
    help: 'Request bodies refused with 503 because one address, one caller, one kind of caller or all together had too many in memory or waiting, or with 408 because they arrived too slowly.',
    kind: 'counter',
    labelNames: ['reason'],
    read: () =>
      Object.entries({
        ...bodies.budget.totals(),
        waiting: bodies.large.countRefused(),
        too_slow: bodies.pace.countSlow(),
      }).map(([reason, value]) => ({ labels: { reason }, value })),
  });
}

function watchLimitStore({ metrics, limiter }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_ratelimit_degraded',
    help: '1 while Redis does not answer and this process keeps to its share of each limit, otherwise 0.',
    kind: 'gauge',
    read: () => [{ value: limiter.reportStore()?.problem === undefined ? 0 : 1 }],
  });
  metrics.watch({
    name: 'appflow_ratelimit_redis_calls_total',
    help: 'Calls to Redis for limits and to tell that this process lives, by outcome.',
    kind: 'counter',
    labelNames: ['outcome'],
    read: () => {
      const { callsAnswered = 0, callsFailed = 0 } = limiter.reportStore() ?? {};
      return [
        { labels: { outcome: 'answered' }, value: callsAnswered },
        { labels: { outcome: 'failed' }, value: callsFailed },
      ];
    },
  });
  metrics.watch({
    name: 'appflow_ratelimit_local_decisions_total',
    help: 'Decisions this process made by its share of the limits, because Redis did not answer.',
    kind: 'counter',
    read: () => [{ value: limiter.reportStore()?.localDecisions ?? 0 }],
  });
  metrics.watch({
    name: 'appflow_ratelimit_processes',
    help: 'Processes that share the limits, this one included, as last known.',
    kind: 'gauge',
    read: () => [{ value: limiter.reportStore()?.processes ?? 1 }],
  });
}

function watchStorage({ metrics, control, warehouse }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_db_statements_total',
    help: 'Statements run on the control database. Requests with a key add none.',
    kind: 'counter',
    read: () => [{ value: control.countStatements() }],
  });
  metrics.watch({
    name: 'appflow_writer_queue_rows',
    help: 'Events that wait to be stored, and how many may.',
    kind: 'gauge',
    labelNames: ['state'],
    read: () => {
      const { rows, rowsMax } = warehouse.queue();
      return [
        { labels: { state: 'waiting' }, value: rows },
        { labels: { state: 'max' }, value: rowsMax },
      ];
    },
  });
  metrics.watch({
    name: 'appflow_writer_queue_bytes',
    help: 'Bytes of the events that wait to be stored.',
    kind: 'gauge',
    read: () => [{ value: warehouse.queue().bytes }],
  });
  metrics.watch({
    name: 'appflow_writer_statement_seconds',
    help: 'How long the statement that stores events has been running, in whole seconds: from 30 on events are refused with 503, at 300 the process kills itself.',
    kind: 'gauge',
    read: () => [{ value: warehouse.oldestStatementMs() / MS_PER_SECOND }],
  });
}

function watchDisk({ metrics, disk }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_disk_free_bytes',
    help: 'Free bytes where the data folder is. Events are refused with 503 when few are left.',
    kind: 'gauge',
    read: () => {
      const value = disk.freeBytes();
      return value === undefined ? [] : [{ value }];
    },
  });
  metrics.watch({
    name: 'appflow_disk_reserve_bytes',
    help: 'Bytes kept in reserve for revocations and sign-ins on a full disk.',
    kind: 'gauge',
    read: () => [{ value: disk.reserveBytes() }],
  });
}

function watchSafety({ metrics, unstored, clockState }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_unstored_revocations',
    help: 'Revocations that this process applies from memory because the control database could not store them yet.',
    kind: 'gauge',
    read: () => [{ value: unstored.count() }],
  });
  metrics.watch({
    name: 'appflow_clock_ahead_seconds',
    help: 'How far the clock of this process is ahead of the system clock, which was set back; 0 if it is not.',
    kind: 'gauge',
    read: () => [{ value: clockState.aheadMs() / MS_PER_SECOND }],
  });
}

function watchProxies({ metrics, untrustedProxy }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_untrusted_proxy_requests_total',
    help: 'Requests that a proxy nearby passed on while TRUSTED_PROXIES names none: they share the limits per address.',
    kind: 'counter',
    read: () => [{ value: untrustedProxy.countRequests() }],
  });
}

function watchConnections({ metrics, connections }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_connections',
    help: 'Connections that are open, how many of them have a request in progress, and how many may be open.',
    kind: 'gauge',
    labelNames: ['state'],
    read: () => {
      const { open, active, max } = connections.count();
      return Object.entries({ open, active, max }).map(([state, value]) => ({ labels: { state }, value }));
    },
  });
  metrics.watch({
    name: 'appflow_connections_unsent_bytes',
    help: 'Bytes of answers that wait for their readers.',
    kind: 'gauge',
    read: () => [{ value: connections.count().unsentBytes }],
  });
  metrics.watch({
    name: 'appflow_connections_closed_total',
    help: 'Connections that were refused, or closed by the server, by reason. Connections that were idle for long are not counted.',
    kind: 'counter',
    labelNames: ['reason'],
    read: () =>
      Object.entries(connections.closed()).map(([reason, value]) => ({ labels: { reason }, value })),
  });
}

/** Read before the other metrics and cached: two scrapes in a row show what requests cost, not what scrapes cost. */
function watchAuditHead({ metrics, control, log }: WatchedServices): void {
  let head: ChainEnd | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  metrics.prepare(async () => {
    if (performance.now() - readAt < AUDIT_HEAD_AGE_MAX_MS) return;
    readAt = performance.now();
    // The other metrics are shown even if the database does not answer.
    head = await findAuditHead(control).catch((error: unknown) => {
      log.warn({ err: error }, 'the head of the audit log cannot be read');
      return undefined;
    });
  });
  metrics.watch({
    name: 'appflow_audit_head_seq',
    help: 'Number of the last entry of the audit log; it never falls. `mac` is its link in the chain.',
    kind: 'gauge',
    labelNames: ['mac'],
    read: () => (head ? [{ labels: { mac: head.mac }, value: head.seq }] : []),
  });
}
