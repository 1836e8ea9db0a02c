import http from 'node:http';
import { quantile } from './report.ts';

// The load generator of bench/ingest.ts, in a separate process: a closed loop of keep-alive connections.
const [url = '', key = '', batchText = '50', connectionsText = '64', secondsText = '10'] =
  process.argv.slice(2);
const [batch, connections, seconds] = [Number(batchText), Number(connectionsText), Number(secondsText)];
const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
const latencies: number[] = [];
let accepted = 0;
let refused = 0;

const PLACE = `,"context":{"platform":"ios","os_version":"18.1","app_version":"2.4.0","country":"DE","locale":"de_DE"}}`;
const RUN_ID = Date.now().toString(36);
let made = 0;

/**
 * Returns one event as a phone sends it: five context columns, a few properties, revenue on some. Built as text, because
 * the generator shares two cores with the server and must leave it as much time as possible.
 */
function makeEvent(index: number, timestamp: string): string {
  made += 1;
  const id = `${RUN_ID}-${process.pid}-${made}`;
  const person = Math.floor(Math.random() * 100_000);
  const isPurchase = index % 10 === 0;
  const what = isPurchase
    ? `"purchase_complete","properties":{"product_id":"pro","revenue":"9.99","currency":"USD"}`
    : `"screen_view","properties":{"screen":"home","depth":3}`;
  return `{"event_id":"${id}","app_user_id":"user_${person}","session_id":"s_${person}","timestamp":"${timestamp}","event_name":${what}${PLACE}`;
}

function post(): Promise<void> {
  const timestamp = new Date(Date.now() - Math.random() * 60_000).toISOString();
  const body = `{"events":[${Array.from({ length: batch }, (_, index) => makeEvent(index, timestamp)).join(',')}]}`;
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/v1/events`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        latencies.push(performance.now() - start);
        if (response.statusCode === 200) accepted += JSON.parse(text).accepted;
        else refused += 1;
        resolve();
      });
    });
    request.on('error', reject);
    request.end(body);
  });
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
