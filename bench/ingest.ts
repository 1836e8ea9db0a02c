import { INGEST_SHAPES, measureIngest } from './load.ts';
import { describeRun } from './report.ts';
import { startAppflow } from './server.ts';

const SECONDS = Number(process.argv[2] ?? 20);

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
for (const shape of INGEST_SHAPES) {
  const { batch, connections } = shape;
  const server = await startAppflow();
  const target = { url: server.url, key: server.project.server_key };
  const result = await measureIngest(target, shape, SECONDS);
  const found = await countEvents(server.url, server.project.server_key);
  console.log(
    `batch ${batch}, ${connections} connections: ${result.perSecond} events/s, p50 ${result.p50} ms, p99 ${result.p99} ms; ` +
      `${result.accepted} acknowledged, ${found} found, ${result.refused} refused; generator used ${result.generatorCpuShare} cores`,
  );
  await server.stop();
}
