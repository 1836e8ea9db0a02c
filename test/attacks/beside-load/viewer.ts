import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Counts, countIn, quantileOf } from './figures.ts';
import { openClient, send } from './local-request.ts';
import type { ViewOrder, ViewResult } from './orders.ts';

// The process of those who read: a dashboard, a live tail, a health check, and backends that look at their own key.

const HEALTH_EVERY_MS = 100;
const PAGE_EVERY_MS = 2_000;
const KEY_EVERY_MS = 500;

const dashboardClient = openClient(31, 6);
const keyClient = openClient(32, 2);
const TAIL_ADDRESS = '127.0.0.33';
/** A new connection for each check, as a load balancer makes them. */
const healthClient = { localAddress: '127.0.0.34', agent: false } as const;

/** The requests of the dashboard's overview and live page. */
function listPageRequests({ projectId, appId }: ViewOrder): string[] {
  const at = `/app/v1/projects/${projectId}`;
  const app = `app_id=${appId}`;
  return [
    '/app/v1/session',
    `${at}/analytics/daily?${app}&days=60`,
    `${at}/analytics/live?${app}`,
    `${at}/events?${app}&limit=1`,
    ...['event_name', 'country', 'platform', 'app_version'].map(
      (by) => `${at}/analytics/breakdown?${app}&days=30&by=${by}`,
    ),
  ];
}

async function view(order: ViewOrder): Promise<ViewResult> {
  const { url, keys, cookie } = order;
  const end = performance.now() + order.seconds * 1_000;
  const isOver = () => performance.now() >= end;
  const health = { failed: 0, ms: [] as number[] };
  const pages = { statuses: {} as Counts, ms: [] as number[] };
  const keyStatuses: Counts = {};

  async function checkHealth(): Promise<void> {
    while (!isOver()) {
      const { status, ms } = await send(healthClient, { url: `${url}/healthz` });
      health.ms.push(ms);
      if (status !== '200') health.failed += 1;
      await sleep(Math.max(0, HEALTH_EVERY_MS - ms));
    }
  }

  async function showPages(): Promise<void> {
    while (!isOver()) {
      const requests = listPageRequests(order).map((path) =>
        send(dashboardClient, { url: url + path, headers: { cookie } }),
      );
      for (const { status, ms } of await Promise.all(requests)) {
        countIn(pages.statuses, status);
        pages.ms.push(ms);
      }
      await sleep(PAGE_EVERY_MS);
    }
  }

  async function useKeys(): Promise<void> {
    for (let index = 0; !isOver(); index += 1) {
      const headers = { authorization: `Bearer ${keys[index % keys.length]}` };
      countIn(keyStatuses, (await send(keyClient, { url: `${url}/v1/api-keys/self`, headers })).status);
      await sleep(KEY_EVERY_MS);
    }
  }

  const [tail] = await Promise.all([followTail(order, end), checkHealth(), showPages(), useKeys()]);
  const { failed, ms } = health;
  return {
    health: { count: ms.length, failed, p99Ms: quantileOf(ms, 0.99), maxMs: Math.max(...ms) },
    dashboard: {
      statuses: pages.statuses,
      p50Ms: quantileOf(pages.ms, 0.5),
      p99Ms: quantileOf(pages.ms, 0.99),
    },
    keys: keyStatuses,
    tail,
  };
}

/** Reads the live tail until `end`; opens it again when it ends earlier. */
async function followTail({ url, tailKey }: ViewOrder, end: number): Promise<ViewResult['tail']> {
  const tail: ViewResult['tail'] = { statuses: {}, events: 0 };
  const headers = { authorization: `Bearer ${tailKey}` };
  const path = `${url}/v1/events/stream?event_name=purchase_complete`;
  while (performance.now() < end) {
    await new Promise<void>((resolve) => {
      const request = get(path, { headers, agent: false, localAddress: TAIL_ADDRESS }, (answer) => {
        countIn(tail.statuses, String(answer.statusCode));
        answer.on('data', (chunk) => {
          tail.events += String(chunk).split('event: event\n').length - 1;
        });
      });
      const timer = setTimeout(() => request.destroy(), end - performance.now());
      request.on('error', () => undefined);
      request.on('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    await sleep(200);
  }
  return tail;
}

process.on('message', (order: ViewOrder) => void view(order).then((result) => process.send?.(result)));
process.once('disconnect', () => process.exit(1));
