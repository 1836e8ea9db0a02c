import { BATCHES } from './batches.ts';
import { measureIngest } from './load.ts';
import { describeRun, median } from './report.ts';
import { watchResources } from './resources.ts';
import { startAppflow } from './server.ts';

// node bench/sdks.ts [seconds of a run] [rounds]

const SECONDS = Number(process.argv[2] ?? 10);
const ROUNDS = Number(process.argv[3] ?? 5);
const SHAPE = { batch: 50, connections: 64 };

const FORMS = Object.keys(BATCHES);

type Sample = { perSecond: number; cpuPerEvent: number; p99: number };
const samples = new Map<string, Sample[]>(FORMS.map((form) => [form, []]));

console.log(
  describeRun(
    'Events from other vendors’ SDKs ÷ POST /v1/events',
    `limits off, batch ${SHAPE.batch}, ${SHAPE.connections} connections, ${SECONDS} s a run, in turns on one server`,
  ),
);
const server = await startAppflow();
const target = { url: server.url, key: server.project.client_key };
for (const form of FORMS) await measureIngest(target, SHAPE, 3, form);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const form of FORMS) {
    const stopWatching = watchResources(server.pid);
    const { accepted, refused, perSecond, p99 } = await measureIngest(target, SHAPE, SECONDS, form);
    const { cpuSeconds } = stopWatching();
    if (refused > 0) throw new Error(`${refused} batches of ${form} were refused.`);
    samples.get(form)?.push({ perSecond, p99, cpuPerEvent: (cpuSeconds * 1e6) / accepted });
  }
}
await server.stop();

const of = (form: string, read: (sample: Sample) => number) => median((samples.get(form) ?? []).map(read));
for (const form of FORMS) {
  const ratio = (read: (sample: Sample) => number) => (of(form, read) / of('appflow', read)).toFixed(3);
  console.log(
    `${form}: ${of(form, ({ perSecond }) => perSecond)} events/s (${ratio(({ perSecond }) => perSecond)}), ` +
      `${of(form, ({ cpuPerEvent }) => cpuPerEvent).toFixed(1)} µs of processor time per event (${ratio(({ cpuPerEvent }) => cpuPerEvent)}), ` +
      `p99 ${of(form, ({ p99 }) => p99)} ms`,
  );
}
