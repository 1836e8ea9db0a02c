import { BODY_BYTES_TOTAL_MAX } from '../../limits/body-budget.ts';
import type { WatchedServices } from './watched-services.ts';

/** Adds the metrics of what is refused: rate limits, load shedding, bodies and password hashes. */
export function watchLimits(services: WatchedServices): void {
  watchLimiter(services);
  watchLimitStore(services);
  watchLoad(services);
  watchBodies(services);
  watchPasswordHashes(services);
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
    help: 'Rate-limit buckets in memory: keys and addresses with recent requests.',
    kind: 'gauge',
    read: () => [{ value: limiter.countBuckets() }],
  });
}

function watchLimitStore({ metrics, limiter }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_ratelimit_degraded',
    help: '1 while Redis is down and this process enforces its share of each limit, otherwise 0.',
    kind: 'gauge',
    read: () => [{ value: limiter.reportStore()?.problem === undefined ? 0 : 1 }],
  });
  metrics.watch({
    name: 'appflow_ratelimit_redis_calls_total',
    help: 'Calls to Redis for limits and heartbeats, by outcome.',
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
    help: 'Decisions that this process made alone because Redis was down.',
    kind: 'counter',
    read: () => [{ value: limiter.reportStore()?.localDecisions ?? 0 }],
  });
  metrics.watch({
    name: 'appflow_ratelimit_processes',
    help: 'Processes that share the limits, including this one, as last known.',
    kind: 'gauge',
    read: () => [{ value: limiter.reportStore()?.processes ?? 1 }],
  });
}

function watchLoad({ metrics, limiter, shedding }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_queries_in_flight',
    help: 'Running queries, queries waiting for a slot of their key, and open streams of this process.',
    kind: 'gauge',
    labelNames: ['state'],
    read: () =>
      Object.entries({ ...limiter.countInFlight(), streaming: limiter.countStreams() }).map(
        ([state, value]) => ({ labels: { state }, value }),
      ),
  });
  metrics.watch({
    name: 'appflow_shed_requests_total',
    help: 'Requests refused with 503 because the server was overloaded, by category.',
    kind: 'counter',
    labelNames: ['category'],
    read: () =>
      Object.entries(shedding.totals()).map(([category, value]) => ({ labels: { category }, value })),
  });
}

function watchBodies({ metrics, bodies }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_body_bytes',
    help: 'Bytes of request bodies in memory, and the maximum.',
    kind: 'gauge',
    labelNames: ['state'],
    read: () => [
      { labels: { state: 'in_flight' }, value: bodies.budget.bytesInFlight() },
      { labels: { state: 'max' }, value: BODY_BYTES_TOTAL_MAX },
    ],
  });
  metrics.watch({
    name: 'appflow_bodies_refused_total',
    help: 'Request bodies refused with 503 because too many bytes were in memory or waiting, or with 408 because they arrived too slowly, by reason.',
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

function watchPasswordHashes({ metrics, people }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_password_hashes_refused_total',
    help: 'Passwords refused with 503 because too many were waiting to be checked, by kind of caller.',
    kind: 'counter',
    labelNames: ['caller'],
    read: () =>
      Object.entries(people.hasher.countRefused()).map(([caller, value]) => ({ labels: { caller }, value })),
  });
}
