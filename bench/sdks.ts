import { type IngestFigures, measureIngest } from './load.ts';
import { describeRun, median } from './report.ts';
import { watchResources } from './resources.ts';
import { startAppflow } from './server.ts';

// node bench/sdks.ts [seconds of a run] [rounds]

const SECONDS = Number(process.argv[2] ?? 10);
const ROUNDS = Number(process.argv[3] ?? 5);
const CONNECTIONS = 64;
/** Excluded from the results: code runs slowly until it is compiled. */
const WARM_UP_SECONDS = 3;

const BASELINE = 'appflow';

/** Forms by the events in each request. Those of a group are compared with `POST /v1/events` with as many events. */
const GROUPS: readonly { batch: number; forms: readonly string[] }[] = [
  {
    batch: 50,
    forms: ['posthog', 'posthog-v1', 'segment', 'rudderstack', 'amplitude', 'mixpanel'],
  },
  // Aptabase's SDKs send at most 25 events, without IDs: Appflow derives them from a hash of each event.
  { batch: 25, forms: ['appflow-uuid', 'aptabase'] },
  // These protocols have one event in each request.
  { batch: 1, forms: ['jitsu', 'openpanel'] },
];

type Sample = { perSecond: number; cpuPerEvent: number; p99: number };

console.log(
  describeRun(
    'Events from other vendors’ SDKs ÷ POST /v1/events',
    `limits off, ${CONNECTIONS} connections, ${SECONDS} s a run, in turns on one server`,
  ),
);
const server = await startAppflow();
const target = { url: server.url, key: server.project.client_key };
for (const { batch, forms } of GROUPS) await measureGroup(batch, [BASELINE, ...forms]);
await server.stop();

async function measureGroup(batch: number, forms: readonly string[]): Promise<void> {
  const samples = new Map<string, Sample[]>(forms.map((form) => [form, []]));
  for (const form of forms) await send(form, batch, WARM_UP_SECONDS);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const form of forms) samples.get(form)?.push(await measure(form, batch));
  const list = (form: string, read: (sample: Sample) => number) => (samples.get(form) ?? []).map(read);
  const of = (form: string, read: (sample: Sample) => number) => median(list(form, read));
  console.log(`batch ${batch}:`);
  for (const form of forms) {
    // Of each round: other work on the machine comes and goes.
    const ratio = (read: (sample: Sample) => number) => {
      const baselines = list(BASELINE, read);
      return median(list(form, read).map((value, round) => value / (baselines[round] ?? 0))).toFixed(3);
    };
    console.log(
      `  ${form}: ${of(form, ({ perSecond }) => perSecond)} events/s (${ratio(({ perSecond }) => perSecond)}), ` +
        `${of(form, ({ cpuPerEvent }) => cpuPerEvent).toFixed(1)} µs of processor time per event (${ratio(({ cpuPerEvent }) => cpuPerEvent)}), ` +
        `p99 ${of(form, ({ p99 }) => p99)} ms`,
    );
  }
}

async function measure(form: string, batch: number): Promise<Sample> {
  const stopWatching = watchResources(server.pid);
  const { accepted, perSecond, p99 } = await send(form, batch, SECONDS);
  const { cpuSeconds } = stopWatching();
  return { perSecond, p99, cpuPerEvent: (cpuSeconds * 1e6) / accepted };
}

/** Throws if any event is not stored: less work would look faster. */
async function send(form: string, batch: number, seconds: number): Promise<IngestFigures> {
  const figures = await measureIngest(target, { batch, connections: CONNECTIONS }, seconds, form);
  const { accepted, refused } = figures;
  if (refused > 0 || accepted === 0)
    throw new Error(`${form}: ${accepted} events are stored, ${refused} requests were refused.`);
  return figures;
}
