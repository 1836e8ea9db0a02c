import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createBatches } from '../support/batches.ts';
import { makeCluster } from '../support/nodes.ts';

const cluster = await makeCluster();
const { server_key: key } = cluster.project;

const batches = createBatches(key, 5);

it('hands the storing of events over when a node stops under load: every batch is stored once, within seconds', async (t) => {
  const first = await cluster.start();
  await cluster.findOwner();
  const others = [await cluster.start(), await cluster.start()] as const;
  let isOver = false;
  const loads = [...others, ...others].map((node) =>
    batches.send(
      () => node,
      () => isOver,
    ),
  );
  await setTimeout(1_500);
  assert.equal(batches.refused, 0);
  const startedMs = performance.now();
  assert.equal(await first.stop(), 0);
  const stoppedMs = performance.now() - startedMs;
  await setTimeout(2_000);
  isOver = true;
  await Promise.all(loads);
  const { acknowledged, refused, lost, longestMs } = batches;
  for (const node of others) await batches.requireEachOnce(node);
  assert.ok(acknowledged.length > 200, String(acknowledged.length));
  assert.equal(lost, 0);
  assert.ok(longestMs < 5_000, `${longestMs} ms`);
  t.diagnostic(
    `${refused} refused, longest batch ${Math.round(longestMs)} ms, stop ${Math.round(stoppedMs)} ms`,
  );
});
