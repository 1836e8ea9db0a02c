import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeRun } from './report.ts';
import { startAppflow } from './server.ts';

const SECONDS = Number(process.argv[2] ?? 20);
const RUNS = [
  { batch: 50, connections: 64 },
  { batch: 50, connections: 256 },
  { batch: 1, connections: 64 },
  { batch: 1, connections: 128 },
];

/** Returns how many events the API finds: acknowledged events must be queryable. */
async function countEvents(url: string, key: string): Promise<number> {
  const response = await fetch(`${url}/v1/analytics/daily?days=2&metrics=events`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const { data } = (await response.json()) as { data: { events: number }[] };
  return data.reduce((sum, day) => sum + day.events, 0);
}

console.log(
  describeRun('Ingest: acknowledged = on disk and queryable', `limits off, ${SECONDS} s a run, closed loop`),
);
for (const { batch, connections } of RUNS) {
  const server = await startAppflow();
  const args = [
    join(import.meta.dirname, 'ingest-load.ts'),
    server.url,
    server.project.server_key,
    batch,
    connections,
    SECONDS,
  ].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const result = JSON.parse(stdout);
  const found = await countEvents(server.url, server.project.server_key);
  console.log(
    `batch ${batch}, ${connections} connections: ${result.perSecond} events/s, p50 ${result.p50} ms, p99 ${result.p99} ms; ` +
      `${result.accepted} acknowledged, ${found} found, ${result.refused} refused; generator used ${result.generatorCpuShare} cores`,
  );
  await server.stop();
}
