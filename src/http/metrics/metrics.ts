import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { createLatencies } from './latencies.ts';

/** Counts the answers of one route; `seconds` is what the answer took. */
export type RequestTally = (status: number, seconds: number) => void;

/** The metrics of this process, in the format of Prometheus. */
export type Metrics = {
  /** Returns the tally of a route. Call it once per route, not per request. */
  tallyOf: (method: string, route: string) => RequestTally;
  countEvents: (accepted: number, duplicates: number, rejected: number) => void;
  /** Adds a metric that is read at each scrape. */
  watch: (watched: WatchedMetric) => void;
  /** Adds a step that runs before the metrics are read. */
  prepare: (step: () => Promise<void>) => void;
  /** Adds Node's own metrics of the process: memory, CPU, event loop, garbage collection. */
  watchProcess: () => void;
  render: () => Promise<string>;
  contentType: string;
};

/** One value of a metric, with its labels. */
export type Reading = { labels?: Record<string, string>; value: number };

/** A metric that is counted elsewhere. `read` returns one value per set of labels. */
export type WatchedMetric = {
  name: string;
  help: string;
  kind: 'counter' | 'gauge';
  labelNames?: string[];
  read: () => Reading[];
};

/**
 * Metrics that list Node's internal handles (`process._getActiveHandles`): while one of them is being freed, Node aborts the
 * process (`AsyncWrap::GetOwner`, assertion `!obj.IsEmpty()`). `nodejs_active_resources` counts the same safely.
 */
const UNSAFE_METRICS = ['handles', 'handles_total', 'requests', 'requests_total'].map(
  (what) => `nodejs_active_${what}`,
);

/** Returns metrics with their own registry: two servers in one process do not share metrics. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const latencies = createLatencies();
  const statuses = new Map<string, { method: string; route: string; counts: Map<number, number> }>();
  const events = { accepted: 0, duplicate: 0, rejected: 0 };
  const steps: (() => Promise<void>)[] = [];
  const watch: Metrics['watch'] = (watched) => addWatched(registry, watched);

  watch({
    name: 'appflow_http_requests_total',
    help: 'Requests answered, by route pattern, method and status.',
    kind: 'counter',
    labelNames: ['method', 'route', 'status'],
    read: () =>
      [...statuses.values()].flatMap(({ method, route, counts }) =>
        [...counts].map(([status, value]) => ({ labels: { method, route, status: String(status) }, value })),
      ),
  });
  watch({
    name: 'appflow_events_total',
    help: 'Events received, by outcome.',
    kind: 'counter',
    labelNames: ['outcome'],
    read: () => Object.entries(events).map(([outcome, value]) => ({ labels: { outcome }, value })),
  });

  return {
    watch,
    tallyOf(method, route) {
      const name = `${method} ${route}`;
      const known = statuses.get(name) ?? { method, route, counts: new Map<number, number>() };
      statuses.set(name, known);
      const countLatency = latencies.tallyOf(method, route);
      return (status, seconds) => {
        known.counts.set(status, (known.counts.get(status) ?? 0) + 1);
        countLatency(seconds);
      };
    },
    countEvents(accepted, duplicates, rejected) {
      events.accepted += accepted;
      events.duplicate += duplicates;
      events.rejected += rejected;
    },
    watchProcess() {
      // The default of 10 ms would keep an idle server awake.
      collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
      for (const name of UNSAFE_METRICS) registry.removeSingleMetric(name);
    },
    prepare: (step) => {
      steps.push(step);
    },
    async render() {
      for (const step of steps) await step();
      return `${await registry.metrics()}\n${latencies.render()}`;
    },
    contentType: registry.contentType,
  };
}

/** Adds a metric that is read at each scrape, so that requests pay nothing for it. */
function addWatched(registry: Registry, { name, help, kind, labelNames = [], read }: WatchedMetric): void {
  const options = { name, help, labelNames, registers: [registry] };
  const fill = (metric: Counter | Gauge) => {
    metric.reset();
    for (const { labels = {}, value } of read()) metric.inc(labels, value);
  };
  // biome-ignore format: one line per kind
  if (kind === 'counter') new Counter({ ...options, collect() { fill(this); } });
  // biome-ignore format: one line per kind
  else new Gauge({ ...options, collect() { fill(this); } });
}
