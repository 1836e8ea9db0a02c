import { setTimeout } from 'node:timers/promises';
import { makeCluster, type TestNode } from '../test/support/nodes.ts';
import { measureIngest } from './load.ts';
import { describeRun } from './report.ts';
import { watchResources } from './resources.ts';

// node bench/nodes.ts [seconds of a run] [largest number of nodes]: events per second of several nodes on the same engines, which run on
// this machine too. The processor time of the node that stores the events limits them all.

const SECONDS = Number(process.argv[2] ?? 10);
const NODES_MAX = Number(process.argv[3] ?? 3);
const SHAPE = { batch: 50, connections: 32 };
const WARM_UP_SECONDS = 2;

async function measure(count: number): Promise<void> {
  const cluster = await makeCluster();
  const key = cluster.project.server_key;
  const nodes: TestNode[] = [];
  for (let index = 0; index < count; index += 1) nodes.push(await cluster.start());
  const owner = await cluster.findOwner();
  const load = (seconds: number) =>
    Promise.all(
      nodes.map(({ url }) =>
        measureIngest({ url, key }, { ...SHAPE, connections: Math.ceil(SHAPE.connections / count) }, seconds),
      ),
    );
  await load(WARM_UP_SECONDS);
  const watches = nodes.map(({ child }) => watchResources(child.pid ?? 0));
  const results = await load(SECONDS);
  const used = watches.map((stop) => stop().cpuSeconds);
  const accepted = results.reduce((sum, one) => sum + one.accepted, 0);
  const refused = results.reduce((sum, one) => sum + one.refused, 0);
  const p99 = Math.max(...results.map((one) => one.p99));
  console.log(
    `${count} ${count === 1 ? 'node' : 'nodes'}: ${Math.round(accepted / SECONDS)} events/s, p99 ${p99} ms, ${refused} refused`,
  );
  for (const [index, node] of nodes.entries()) {
    const role = node.nodeUrl === owner.nodeUrl ? 'stores the events' : 'forwards';
    const own = results[index]?.accepted ?? 0;
    const seconds = used[index] ?? 0;
    console.log(
      `  node ${index + 1}, ${role}: ${own} events received, ${((seconds * 1e6) / own).toFixed(1)} µs of processor time per event received, ` +
        `${((seconds * 1e6) / accepted).toFixed(1)} µs per event of all nodes`,
    );
  }
  for (const node of nodes) await node.stop();
}

console.log(
  describeRun(
    'Several nodes',
    `batches of ${SHAPE.batch}, ${SHAPE.connections} connections in all, ${SECONDS} s`,
  ),
);
for (let count = 1; count <= NODES_MAX; count += 1) {
  await measure(count);
  await setTimeout(1_000);
}
