import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createBatches } from '../support/batches.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeTempDir } from '../support/harness.ts';
import { makeCluster, type TestNode } from '../support/nodes.ts';

/** The longest time in which a client that sends again gets its acknowledgement. */
const BATCH_MS_MAX = 10_000;

const cluster = await makeCluster();
const { server_key: key } = cluster.project;

it('restarts one node after another under load: clients that send again, to any node, have every batch stored once', async (t) => {
  const settings = await Promise.all(
    [1, 2, 3].map(async () => ({
      PORT: String(await findFreePort()),
      APPFLOW_NODE_URL: `http://127.0.0.1:${await findFreePort()}`,
      APPFLOW_DATA_DIR: makeTempDir(),
    })),
  );
  const nodes: TestNode[] = [];
  for (const env of settings) nodes.push(await cluster.start(env));
  await cluster.findOwner();
  const batches = createBatches(key, 5);
  let attempts = 0;
  const next = () => nodes[attempts++ % nodes.length] ?? assert.fail();
  let isOver = false;
  const loads = [1, 2, 3].map(() => batches.send(next, () => isOver));
  for (const [index, env] of settings.entries()) {
    await setTimeout(500);
    assert.equal(await nodes[index]?.stop(), 0);
    nodes[index] = await cluster.start(env);
  }
  await setTimeout(500);
  isOver = true;
  await Promise.all(loads);
  for (const node of nodes) await batches.requireEachOnce(node);
  const { acknowledged, refused, lost, longestMs } = batches;
  assert.ok(longestMs < BATCH_MS_MAX, `${longestMs} ms`);
  t.diagnostic(
    `${acknowledged.length} events, ${refused} attempts refused, ${lost} without an answer, longest batch ${Math.round(longestMs)} ms`,
  );
});
