import { setTimeout } from 'node:timers/promises';
import { INGEST_SHAPES, type IngestFigures, type IngestShape, measureIngest } from './load.ts';
import { describeRun, median } from './report.ts';
import { readResidentMb, readThreadCpu, watchResources } from './resources.ts';
import { type BenchServer, startAppflow } from './server.ts';

// node bench/ingest.ts [seconds of a run] [rounds beside heavy queries]

const SECONDS = Number(process.argv[2] ?? 20);
const ROUNDS = Number(process.argv[3] ?? 3);
/** How long after the load memory is read again. */
const REST_MS = 10_000;
/** Excluded from the results: code runs slowly until it is compiled. */
const WARM_UP_SECONDS = 3;

type Server = BenchServer & { project: { server_key: string } };

/** Returns how many events the API finds: acknowledged events must be queryable. */
async function countEvents({ url, project }: Server): Promise<number> {
  const response = await fetch(`${url}/v1/analytics/daily?days=2&metrics=events`, {
    headers: { authorization: `Bearer ${project.server_key}` },
  });
  const { data } = (await response.json()) as { data: { events: number }[] };
  return data.reduce((sum, day) => sum + day.events, 0);
}

const send = ({ url, project }: Server, shape: IngestShape, seconds: number): Promise<IngestFigures> =>
  measureIngest({ url, key: project.server_key }, shape, seconds);

const describeShape = ({ batch, connections }: IngestShape) => `batch ${batch}, ${connections} connections`;

async function measureShape(shape: IngestShape): Promise<void> {
  const server = await startAppflow();
  const { pid } = server;
  const warmUp = await send(server, shape, WARM_UP_SECONDS);
  const idleMb = readResidentMb(pid);
  const threadsBefore = readThreadCpu(pid);
  const stopWatching = watchResources(pid);
  const result = await send(server, shape, SECONDS);
  const { cpuSeconds, residentMaxMb } = stopWatching();
  const perEvent = (seconds: number) => ((seconds * 1e6) / result.accepted).toFixed(1);
  const threads = [...readThreadCpu(pid)]
    .map(([name, seconds]) => [name, seconds - (threadsBefore.get(name) ?? 0)] as const)
    .filter(([, seconds]) => seconds > cpuSeconds / 100)
    .toSorted(([, one], [, other]) => other - one);
  const found = await countEvents(server);
  console.log(
    `${describeShape(shape)}: ${result.perSecond} events/s, p50 ${result.p50} ms, p99 ${result.p99} ms; ` +
      `${result.accepted + warmUp.accepted} acknowledged, ${found} found, ${result.refused} refused`,
  );
  console.log(
    `  processor: server ${(cpuSeconds / SECONDS).toFixed(2)} cores, ${perEvent(cpuSeconds)} µs per event ` +
      `(${threads.map(([name, seconds]) => `${name} ${perEvent(seconds)}`).join(', ')}); ` +
      `load generator ${result.generatorCpuShare} cores`,
  );
  await setTimeout(REST_MS);
  console.log(
    `  resident memory: ${idleMb} MB before, ${residentMaxMb} at most, ${readResidentMb(pid)} ${REST_MS / 1000} s after`,
  );
  await server.stop();
}

const FUNNEL = {
  days: 2,
  window_seconds: 86_400,
  steps: [{ event_name: 'screen_view' }, { event_name: 'purchase_complete' }, { event_name: 'screen_view' }],
};

/** Asks the most expensive queries, one after the other, until it is aborted. Returns how many were answered, and their times. */
async function queryUntil({ url, project }: Server, signal: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  const headers = { authorization: `Bearer ${project.server_key}`, 'content-type': 'application/json' };
  while (!signal.aborted) {
    const start = performance.now();
    const isFunnel = times.length % 2 === 0;
    const response = isFunnel
      ? await fetch(`${url}/v1/analytics/funnel`, { method: 'POST', headers, body: JSON.stringify(FUNNEL) })
      : await fetch(`${url}/v1/analytics/breakdown?by=property:screen&metric=events&days=2`, { headers });
    if (response.status !== 200) throw new Error(`A query got ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
    times.push(performance.now() - start);
  }
  return times;
}

/** Prints how much of the throughput is left while heavy queries run: rounds without and with them, in turns. */
async function measureBesideQueries(shape: IngestShape): Promise<void> {
  const server = await startAppflow();
  await send(server, shape, SECONDS);
  const ratios: number[] = [];
  const lines: string[] = [];
  let before = (await send(server, shape, SECONDS)).perSecond;
  for (let round = 0; round < ROUNDS; round += 1) {
    const stop = new AbortController();
    const querying = queryUntil(server, stop.signal);
    const sending = send(server, shape, SECONDS).finally(() => stop.abort());
    const [{ perSecond, p99 }, times] = await Promise.all([sending, querying]);
    const after = (await send(server, shape, SECONDS)).perSecond;
    ratios.push((2 * perSecond) / (before + after));
    lines.push(
      `${before} → ${perSecond} (p99 ${p99} ms) → ${after}; ${times.length} queries, median ${Math.round(median(times))} ms`,
    );
    before = after;
  }
  console.log(
    `${describeShape(shape)}, beside heavy queries: ${median(ratios).toFixed(2)} of the events/s without`,
  );
  for (const line of lines) console.log(`  ${line}`);
  await server.stop();
}

console.log(
  describeRun('Ingest: acknowledged = on disk and queryable', `limits off, ${SECONDS} s a run, closed loop`),
);
for (const shape of INGEST_SHAPES) await measureShape(shape);
await measureBesideQueries({ batch: 50, connections: 64 });
