import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, Registry } from 'prom-client';
import { createLatencies } from './latencies.ts';

const SECONDS = [0, 0.0005, 0.00051, 0.001, 0.02, 0.25, 1, 14.99, 15, 15.01, 600];

test('renders what the histogram of prom-client does, on and beside each bound', async () => {
  const registry = new Registry();
  const latencies = createLatencies();
  const reference = new Histogram({
    name: 'appflow_http_request_duration_seconds',
    help: 'Time from the headers of a request to its response, by route.',
    labelNames: ['method', 'route'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers: [registry],
  });
  for (const [method, route] of [
    ['GET', '/v1/api-keys/{id}'],
    ['POST', '/v1/events'],
  ] as const) {
    const count = latencies.tallyOf(method, route);
    for (const seconds of SECONDS) {
      count(seconds);
      reference.labels(method, route).observe(seconds);
    }
  }
  assert.equal(latencies.render(), await registry.metrics());
});

test('counts a route that is asked for twice once, and omits one without requests', () => {
  const latencies = createLatencies();
  latencies.tallyOf('GET', '/v1/never');
  for (const count of [latencies.tallyOf('GET', '/'), latencies.tallyOf('GET', '/')]) count(1);
  const lines = latencies.render().split('\n');
  assert.ok(lines.includes('appflow_http_request_duration_seconds_count{method="GET",route="/"} 2'));
  assert.ok(!lines.some((line) => line.includes('/v1/never')));
});
