import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { makeKey, startTestServer } from '../support/harness.ts';

const isMissing = spawnSync('promtool', ['--version']).error !== undefined;
const skip = isMissing ? 'NOT TESTED: promtool is missing (Debian package prometheus).' : false;

/** A name of prom-client, which gives it to a gauge. */
const OF_PROM_CLIENT = 'nodejs_active_resources_total non-counter metrics should not have "_total" suffix';

it('serves metrics that promtool accepts, except for a name of prom-client', { skip }, async () => {
  const api = await startTestServer();
  await makeKey(api, { type: 'client' });
  const { text: input } = await api.call('GET', '/metrics');
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  assert.deepEqual(`${stdout}${stderr}`.trim().split('\n'), [OF_PROM_CLIENT]);
});
