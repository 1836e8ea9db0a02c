import { setTimeout as sleep } from 'node:timers/promises';
import { type Counts, countIn, quantileOf } from './figures.ts';
import { openClient, send } from './local-request.ts';
import { EVENTS_PER_BATCH, type IngestOrder, type IngestResult } from './orders.ts';

// The process of several backends that send events. Each message is an order; the answer says how it went.

const LANES = 64;
const FIRST_ADDRESS = 11;
/** How far behind its pace a lane may fall and still catch up. */
const BEHIND_MS_MAX = 1_000;
/** How long a batch is repeated after the end, until it is acknowledged. */
const AFTERWARDS_MS = 30_000;
const RETRY_MS = 200;
const RETRY_MS_MAX = 5_000;

const acknowledged = new Array<number>(LANES).fill(0);
const clients = new Map<string, ReturnType<typeof openClient>>();

const PLACE =
  '"context":{"platform":"ios","os_version":"18.1","app_version":"2.4.0","country":"DE","locale":"de_DE"}';

function renderBatch(appId: string, lane: number, batch: number): string {
  const timestamp = new Date(Date.now() - Math.random() * 60_000).toISOString();
  const events = Array.from({ length: EVENTS_PER_BATCH }, (_, index) => {
    const person = Math.floor(Math.random() * 100_000);
    const what =
      index === 0
        ? '"purchase_complete","properties":{"plan":"pro"}'
        : '"screen_view","properties":{"screen":"home","depth":3}';
    return `{"event_id":"load-${lane}-${batch}-${index}","app_user_id":"user_${person}","timestamp":"${timestamp}","event_name":${what},${PLACE}}`;
  });
  return `{"app_id":"${appId}","events":[${events.join(',')}]}`;
}

function clientOf(key: string, index: number): ReturnType<typeof openClient> {
  const client = clients.get(key) ?? openClient(FIRST_ADDRESS + index, LANES);
  clients.set(key, client);
  return client;
}

/** Sends events as ordered. Like a good client, repeats a batch until it is acknowledged. */
async function ingest({ url, appId, keys, seconds, perSecond }: IngestOrder): Promise<IngestResult> {
  const startedAt = performance.now();
  const end = startedAt + seconds * 1_000;
  const everyMs = perSecond === undefined ? 0 : (LANES * EVENTS_PER_BATCH * 1_000) / perSecond;
  const statuses: Counts = {};
  const latencies: number[] = [];
  let batches = 0;
  let lastAt = startedAt;
  let longestGapMs = 0;

  function acknowledge(lane: number): void {
    acknowledged[lane] = (acknowledged[lane] ?? 0) + 1;
    const now = performance.now();
    if (now > end) return;
    batches += 1;
    longestGapMs = Math.max(longestGapMs, now - lastAt);
    lastAt = now;
  }

  async function sendBatch(lane: number, body: string): Promise<boolean> {
    const index = lane % keys.length;
    const key = keys[index] ?? '';
    const headers = { authorization: `Bearer ${key}` };
    while (performance.now() < end + AFTERWARDS_MS) {
      const { status, ms, retryAfterMs } = await send(clientOf(key, index), {
        url: `${url}/v1/events`,
        headers,
        body,
      });
      latencies.push(ms);
      countIn(statuses, status);
      if (status === '200') return true;
      await sleep(Math.min(Math.max(retryAfterMs, RETRY_MS), RETRY_MS_MAX));
    }
    return false;
  }

  async function runLane(lane: number): Promise<void> {
    let due = startedAt + (everyMs * lane) / LANES;
    for (;;) {
      await sleep(Math.max(0, due - performance.now()));
      if (performance.now() >= end) return;
      if (!(await sendBatch(lane, renderBatch(appId, lane, acknowledged[lane] ?? 0)))) return;
      acknowledge(lane);
      due = Math.max(due + everyMs, performance.now() - BEHIND_MS_MAX);
    }
  }

  await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(lane)));
  longestGapMs = Math.max(longestGapMs, end - lastAt);
  return {
    perSecond: (batches * EVENTS_PER_BATCH) / seconds,
    acknowledged,
    statuses,
    p50Ms: quantileOf(latencies, 0.5),
    p99Ms: quantileOf(latencies, 0.99),
    longestGapMs,
  };
}

process.on('message', (order: IngestOrder) => void ingest(order).then((result) => process.send?.(result)));
process.once('disconnect', () => process.exit(1));
