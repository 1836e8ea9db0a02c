import http from 'node:http';
import { BATCHES } from './batches.ts';
import { quantile } from './report.ts';

// The load generator of bench/ingest.ts, in a separate process: a closed loop of keep-alive connections.
const [url = '', key = '', batchText = '50', connectionsText = '64', secondsText = '10', form = 'appflow'] =
  process.argv.slice(2);
const [batch, connections, seconds] = [Number(batchText), Number(connectionsText), Number(secondsText)];
const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
const latencies: number[] = [];
let accepted = 0;
let refused = 0;

const makeBatch = BATCHES[form] ?? BATCHES.appflow;

function post(): Promise<void> {
  if (makeBatch === undefined) throw new Error(`There is no form ${form}.`);
  const { path, headers: own, body } = makeBatch(key, batch);
  const headers = { ...own, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        latencies.push(performance.now() - start);
        if (response.statusCode === 200) accepted += countAccepted(JSON.parse(text));
        else refused += 1;
        resolve();
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

type Answer = { accepted?: number; events_ingested?: number; results?: Record<string, { result: string }> };

/** Amplitude's answer has another name for it, and capture v1 of PostHog a result for each event. */
function countAccepted({ accepted, events_ingested, results = {} }: Answer): number {
  const count = accepted ?? events_ingested;
  return count ?? Object.values(results).filter(({ result }) => result === 'ok').length;
}

const started = performance.now();
const end = started + seconds * 1_000;
async function loop(): Promise<void> {
  while (performance.now() < end) await post();
}
await Promise.all(Array.from({ length: connections }, loop));
const elapsed = (performance.now() - started) / 1_000;
const { user, system } = process.cpuUsage();
const result = {
  accepted,
  refused,
  perSecond: Math.round(accepted / elapsed),
  p50: Math.round(quantile(latencies, 0.5)),
  p99: Math.round(quantile(latencies, 0.99)),
  generatorCpuShare: Number(((user + system) / 1e6 / elapsed).toFixed(2)),
};
console.log(JSON.stringify(result));
agent.destroy();
