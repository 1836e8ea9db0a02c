import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { init } from '../src/cli/init.ts';
import { readConfig } from '../src/config/config.ts';
import { systemClock } from '../src/lib/clock.ts';
import { StorageError } from '../src/lib/errors.ts';
import { openLog } from '../src/lib/log.ts';
import { openWarehouse } from '../src/warehouse/open.ts';
import { fillEvents, mergeAll, readSizes, timeRaw } from './fill-events.ts';
import { createPostgres } from './postgres-events.ts';
import { describeRun, median } from './report.ts';
import { LIMITS_OFF, startScript } from './server.ts';

// How long each query takes over HTTP, beside the same on raw events in the same engine (the floor) and in PostgreSQL:
//   node bench/analytics.ts [events] [days] [people]
// 100,000,000 events need 15 GB of disk for a while, and half an hour.

const [events, days, people] = [1_000_000, 30, 20_000].map((fallback, index) =>
  Number(process.argv[2 + index] ?? fallback),
) as [number, number, number];
const ROUNDS = events > 10_000_000 ? 3 : 9;
const POSTGRES_EVENTS_MAX = 1_000_000;

type Query = { name: string; path: string; body?: object; raw?: string; postgres?: string };

const since = (count: number) => `timestamp >= toStartOfDay(now()) - INTERVAL ${count - 1} DAY`;
const pgSince = (count: number) => `timestamp >= date_trunc('day', now()) - interval '${count - 1} days'`;
const FUNNEL = ['screen_view', 'add_to_cart', 'purchase_complete'];
/** The first event of a name after a time, within a day of the start. */
const pgNextStep = (name: string, after: string) =>
  `SELECT min(timestamp) AS at FROM events WHERE app_user_id = start.app_user_id AND event_name = '${name}' AND timestamp >= ${after} AND timestamp <= start.at + interval '1 day'`;
const dailySql = (since: string, unique: string) =>
  `SELECT ${unique} AS dau, count(*) AS events FROM events WHERE ${since}`;

const QUERIES: Query[] = [
  ...[...new Set([30, days])].map(
    (count): Query => ({
      name: `daily, ${count} days`,
      path: `/v1/analytics/daily?days=${count}`,
      raw: `SELECT toDate(timestamp) AS day, uniqExact(app_user_id) AS dau, uniqExact(app_user_id, session_id) AS sessions, count() AS events FROM events WHERE ${since(count)} GROUP BY day`,
      postgres: `SELECT date_trunc('day', timestamp) AS day, count(DISTINCT app_user_id), count(DISTINCT (app_user_id, session_id)), count(*) FROM events WHERE ${pgSince(count)} GROUP BY day`,
    }),
  ),
  {
    name: 'hourly, 1 day',
    path: '/v1/analytics/hourly?days=1',
    raw: `SELECT toStartOfHour(timestamp) AS hour, uniqExact(app_user_id), count() FROM events WHERE ${since(1)} GROUP BY hour`,
  },
  {
    name: 'unique users of 30 days',
    path: '/v1/analytics/users?days=30',
    raw: dailySql(since(30), 'uniqExact(app_user_id)'),
    postgres: dailySql(pgSince(30), 'count(DISTINCT app_user_id)'),
  },
  {
    name: 'breakdown of users by event name, 30 days',
    path: '/v1/analytics/breakdown?by=event_name&metric=users&days=30',
    raw: `SELECT event_name, uniqExact(app_user_id) AS users FROM events WHERE ${since(30)} GROUP BY event_name ORDER BY users DESC`,
    postgres: `SELECT event_name, count(DISTINCT app_user_id) AS users FROM events WHERE ${pgSince(30)} GROUP BY event_name ORDER BY users DESC`,
  },
  {
    name: 'breakdown of events by property, 30 days',
    path: '/v1/analytics/breakdown?by=property:screen&metric=events&days=30',
    raw: `SELECT JSONExtractString(properties, 'screen') AS value, count() FROM events WHERE ${since(30)} GROUP BY value`,
  },
  {
    name: 'retention, days, 14 periods, 30 days',
    path: '/v1/analytics/retention?days=30&periods=14',
    raw: `SELECT first, day - first AS later, uniqExact(app_user_id) FROM (SELECT app_user_id, toDate(timestamp) AS day FROM events WHERE ${since(30)}) AS active INNER JOIN (SELECT app_user_id, toDate(min(timestamp)) AS first FROM events GROUP BY app_user_id) AS seen USING app_user_id GROUP BY first, later`,
    postgres: `SELECT first, day - first AS later, count(*) FROM (SELECT DISTINCT app_user_id, timestamp::date AS day FROM events WHERE ${pgSince(30)}) AS active JOIN (SELECT app_user_id, min(timestamp)::date AS first FROM events GROUP BY app_user_id) AS seen USING (app_user_id) GROUP BY first, later`,
  },
  {
    name: 'funnel of three steps, 30 days',
    path: '/v1/analytics/funnel',
    body: { days: 30, window_seconds: 86_400, steps: FUNNEL.map((event_name) => ({ event_name })) },
    raw: `SELECT level, count() FROM (SELECT app_user_id, windowFunnel(86400000)(toUInt64(toUnixTimestamp64Milli(timestamp)), event_name = 'screen_view', event_name = 'add_to_cart', event_name = 'purchase_complete') AS level FROM events WHERE ${since(30)} AND event_name IN ('screen_view', 'add_to_cart', 'purchase_complete') GROUP BY app_user_id) GROUP BY level`,
    // From the first start of each person only, not from their best one.
    postgres: `SELECT count(*), count(second.at), count(third.at) FROM (SELECT app_user_id, min(timestamp) AS at FROM events WHERE event_name = 'screen_view' AND ${pgSince(30)} GROUP BY app_user_id) AS start
      LEFT JOIN LATERAL (${pgNextStep('add_to_cart', 'start.at')}) AS second ON true LEFT JOIN LATERAL (${pgNextStep('purchase_complete', 'second.at')}) AS third ON true`,
  },
  { name: 'profile of one person', path: '/v1/users/user_77' },
  {
    name: 'timeline of one person, 50 events',
    path: '/v1/users/user_77/timeline?limit=50',
    raw: "SELECT * FROM events WHERE app_user_id = 'user_77' ORDER BY timestamp DESC LIMIT 50",
    postgres: "SELECT * FROM events WHERE app_user_id = 'user_77' ORDER BY timestamp DESC LIMIT 50",
  },
  {
    name: 'an event ID that does not exist',
    path: '/v1/events?event_id=01KAAAAAAAAAAAAAAAAAAAAAAA',
    raw: "SELECT * FROM events WHERE event_id = '01KAAAAAAAAAAAAAAAAAAAAAAA'",
    postgres: "SELECT * FROM events WHERE event_id = '01KAAAAAAAAAAAAAAAAAAAAAAA'",
  },
];

type Asked = { url: string; key: string };

async function timeHttp({ url, key }: Asked, { path, body }: Query): Promise<number> {
  const startedMs = performance.now();
  const response = await fetch(url + path, {
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  return performance.now() - startedMs;
}

async function timeWarm(asked: Asked, query: Query): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) times.push(await timeHttp(asked, query));
  return median(times.slice(1));
}

/** The first query after a start: the engine's caches are empty, those of the operating system are not. */
async function timeCold(env: Record<string, string>, key: string, query: Query): Promise<number> {
  const server = await startScript(SERVER, env);
  await waitUntilIdle(server.pid);
  const ms = await timeHttp({ url: server.url, key }, query);
  await server.stop();
  return ms;
}

const dataDir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
const eventsDir = join(dataDir, 'events');
const SERVER = '../src/main.ts';
/** The rollups are looked after every 5 seconds. */
const IDLE_MS = 7_000;

/** Waits until a process did next to nothing for a while: then the rollups contain everything. */
async function waitUntilIdle(pid: number): Promise<void> {
  const readCpuMs = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  };
  for (let beforeMs = Number.NEGATIVE_INFINITY; ; ) {
    const nowMs = readCpuMs();
    if (nowMs - beforeMs < IDLE_MS / 10) return;
    beforeMs = nowMs;
    await sleep(IDLE_MS);
  }
}

/** Returns undefined for what needs more memory than one query may use. */
async function timeFloor(raw: string): Promise<number | undefined> {
  try {
    return median(await timeRaw(eventsDir, raw, ROUNDS));
  } catch (error) {
    if (error instanceof StorageError && error.reason === 'too_large') return undefined;
    throw error;
  }
}

const format = (ms: number | undefined) =>
  ms === undefined ? '–' : ms < 10 ? ms.toFixed(1) : String(Math.round(ms));

console.log(
  describeRun(
    `Analytics: ${events.toLocaleString('en-US')} events of ${people.toLocaleString('en-US')} people over ${days} days`,
    `limits off, over HTTP, median of ${ROUNDS}`,
  ),
);
try {
  const config = readConfig({ APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'warn' });
  const project = await init(config, { project: 'Bench', app: 'Main', platform: 'ios' });
  const warehouse = await openWarehouse({ path: eventsDir, log: openLog('silent'), clock: systemClock() });
  await warehouse.close();
  await fillEvents(eventsDir, { events, people, days, projectId: project.project_id, appId: project.app_id });
  const env = { ...LIMITS_OFF, APPFLOW_DATA_DIR: dataDir };
  const filled = performance.now();
  const first = await startScript(SERVER, env);
  await waitUntilIdle(first.pid);
  console.log(
    `rolled up ${format((performance.now() - filled - IDLE_MS) / 1_000)} s after the start, at most`,
  );
  await first.stop();
  await mergeAll(eventsDir);
  const sizes = await readSizes(eventsDir);
  const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  console.log(
    `disk: ${(total / events).toFixed(1)} B per event (${[...sizes].map(([table, bytes]) => `${table} ${(bytes / events).toFixed(1)}`).join(', ')})`,
  );
  const postgres = events <= POSTGRES_EVENTS_MAX ? await createPostgres({ events, people, days }) : undefined;
  const answers = new Map<string, { cold: number; warm: number }>();
  for (const query of QUERIES)
    answers.set(query.name, { cold: await timeCold(env, project.server_key, query), warm: 0 });
  const server = await startScript(SERVER, env);
  await waitUntilIdle(server.pid);
  const asked = { url: server.url, key: project.server_key };
  for (const query of QUERIES) {
    const warm = await timeWarm(asked, query);
    const cold = answers.get(query.name)?.cold ?? 0;
    answers.set(query.name, { cold, warm });
    console.log(`${query.name}: ${format(cold)} ms cold, ${format(warm)} ms warm`);
  }
  await server.stop();
  console.log(
    '\n| query | cold, ms | warm, ms | raw in the same engine, ms | PostgreSQL, ms |\n|---|---|---|---|---|',
  );
  for (const { name, raw, postgres: sql } of QUERIES) {
    const http = answers.get(name);
    const floor = raw && (await timeFloor(raw));
    const peer = sql && postgres && median(await postgres.time(sql, 3));
    console.log(
      `| ${name} | ${format(http?.cold)} | ${format(http?.warm)} | ${format(floor || undefined)} | ${format(peer || undefined)} |`,
    );
  }
  await postgres?.remove();
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
