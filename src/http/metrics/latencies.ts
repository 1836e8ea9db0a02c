/** How long the answers of each route took, counted in buckets: a histogram of Prometheus. */
export type Latencies = {
  /** Returns a function that counts an answer of the route, which took this many seconds. */
  tallyOf: (method: string, route: string) => (seconds: number) => void;
  /** Returns all counts in the text format of Prometheus, with a line break at the end. */
  render: () => string;
};

type RouteLatency = { labels: string; counts: Float64Array; sum: number };

/** Upper bounds in seconds: from a refusal answered from memory to a long query. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
const NAME = 'appflow_http_request_duration_seconds';

/**
 * Returns an empty histogram. The library's own looks up the labels by a joined text at each observation, which takes as
 * long as finding the key of the request.
 */
export function createLatencies(): Latencies {
  const routes = new Map<string, RouteLatency>();
  return {
    tallyOf(method, route) {
      // Neither has a character that needs escaping.
      const labels = `method="${method}",route="${route}"`;
      const latency = routes.get(labels) ?? { labels, counts: new Float64Array(BUCKETS.length + 1), sum: 0 };
      routes.set(labels, latency);
      return (seconds) => count(latency, seconds);
    },
    render() {
      const lines = [
        `# HELP ${NAME} Time from the headers of a request to its response, by route.`,
        `# TYPE ${NAME} histogram`,
      ];
      for (const latency of routes.values()) lines.push(...listLines(latency));
      return `${lines.join('\n')}\n`;
    },
  };
}

function count(latency: RouteLatency, seconds: number): void {
  const { counts } = latency;
  let bucket = 0;
  while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] ?? 0)) bucket += 1;
  counts[bucket] = (counts[bucket] ?? 0) + 1;
  latency.sum += seconds;
}

/** The counts of a bucket include those of the buckets below it. */
function listLines({ labels, counts, sum }: RouteLatency): string[] {
  let total = 0;
  const buckets = Array.from(counts, (own, bucket) => {
    total += own;
    return `${NAME}_bucket{le="${BUCKETS[bucket] ?? '+Inf'}",${labels}} ${total}`;
  });
  // A route without requests would have sixteen lines of zeros.
  return total === 0
    ? []
    : [...buckets, `${NAME}_sum{${labels}} ${sum}`, `${NAME}_count{${labels}} ${total}`];
}
