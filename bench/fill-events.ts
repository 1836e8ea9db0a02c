import { DAY_MS, HOUR_MS } from '../src/lib/durations.ts';
import { embedded } from '../src/warehouse/engine/embedded.ts';
import { type Gateway, openGateway } from '../src/warehouse/engine/gateway.ts';
import { DERIVE_SQL } from '../src/warehouse/integrity/derive-sql.ts';
import { derivePersonIds } from '../src/warehouse/persons/derive-persons.ts';

/** How many events of how many people, over how many days up to today. */
export type Filling = { events: number; people: number; days: number; projectId: string; appId: string };

/** Rows of one statement, and of one block. */
const [STEP, BLOCK] = [1_000_000, 10_000];

const NAMES =
  "['app_open','screen_view','screen_view','screen_view','screen_view','button_tap','search','add_to_cart','trial_start','purchase_complete','share','session_note']";
const VERSIONS = "['2.4.0','2.4.1','2.5.0','2.6.0']";
const COUNTRIES = "['DE','US','US','GB','FR','BR','JP','IN']";

/** The part of the people who are there on the first day; the others join over the whole time, one after another. */
const FIRST_PART = 0.3;
/** One person in so many has a device ID first, and is identified after twelve hours. */
const LINKED_EVERY = 10;
const LINKED_AFTER_MS = 12 * HOUR_MS;

/**
 * Writes events as blocks of the engine's own format, made by the engine: the API would take minutes. Events arrive in the order of
 * time, people join over the whole time and do less as they get older, and some are identified by a link of two IDs. Each has up to
 * two sessions a day, event IDs are as random as ULIDs, and one event in twelve has revenue.
 */
export async function fillEvents(eventsDir: string, filling: Filling): Promise<void> {
  const gateway = await openGateway(embedded(eventsDir), { size: 1, waitingMax: 1 });
  const { events } = filling;
  const times = timesOf(filling);
  for (let from = 0; from < events; from += STEP) {
    await gateway.command(insertSql(filling, times, from, Math.min(STEP, events - from)));
  }
  await gateway.command(linksSql(filling, times));
  for (const derive of Object.values(DERIVE_SQL)) await gateway.command(derive);
  await derivePersonIds(gateway, { table: 'person_ids' });
  await gateway.close();
}

type Times = { startMs: number; spanMs: number };

function timesOf({ days }: Filling): Times {
  const startMs = Math.floor(Date.now() / DAY_MS - days + 1) * DAY_MS;
  return { startMs, spanMs: Date.now() - startMs - 60_000 };
}

/** SQL for when a person joins, from the person's number. */
const joinedSql = ({ people }: Filling, { startMs, spanMs }: Times) =>
  `${startMs} + toInt64(greatest(0, person / ${people} - ${FIRST_PART}) / ${1 - FIRST_PART} * ${spanMs})`;

const CONTEXT = `'key_bench' AS key_id, 1 AS verified, ['ios','android'][1 + person % 2] AS platform, '18.1' AS os_version,
  ${VERSIONS}[1 + (person + intDiv(number, 3000000)) % 4] AS app_version, ${COUNTRIES}[1 + person % 8] AS country, 'de_DE' AS locale,
  'iPhone17,1' AS device_model, 'appflow-js/1.0.0' AS sdk`;

function insertSql(filling: Filling, times: Times, from: number, count: number): string {
  const { projectId, appId, events, people } = filling;
  const { startMs, spanMs } = times;
  const person = (hash: string) => `sipHash64(number, '${hash}') / 18446744073709551616.`;
  const isNew = `person % ${LINKED_EVERY} = 0 AND ms < ${joinedSql(filling, times)} + ${LINKED_AFTER_MS}`;
  return `INSERT INTO events SELECT '${projectId}', '${appId}',
    concat('01K', substring(hex(toUInt64(ms)), 4), hex(sipHash64(number, 'id'))) AS event_id,
    ${NAMES}[1 + sipHash64(number, 'name') % 12] AS event_name,
    concat(if(${isNew}, 'device_', 'user_'), toString(person)) AS app_user_id,
    concat('s_', toString(person), '_', toString(intDiv(ms, ${DAY_MS / 2}))) AS session_id,
    fromUnixTimestamp64Milli(ms), fromUnixTimestamp64Milli(ms + 800),
    if(event_name = 'purchase_complete', '{"product_id":"pro","revenue":"9.99","currency":"USD"}',
      concat('{"screen":"', ['home','list','detail','settings'][1 + sipHash64(number, 'screen') % 4], '","depth":', toString(number % 7), '}')),
    if(event_name = 'purchase_complete', toDecimal64(9.99, 6), NULL), if(event_name = 'purchase_complete', 'USD', ''),
    ${CONTEXT}, toUInt64(${startMs} + intDiv(number, ${BLOCK}) * ${Math.floor((spanMs * BLOCK) / events)}) * 1000 + 1
    FROM (
      SELECT number, ms, toUInt32(floor(joined * (1 - pow(${person('age')}, 2)))) AS person FROM (
        SELECT number, ${startMs} + toInt64((number + ${person('time')}) / ${events} * ${spanMs}) AS ms,
          ${people} * (${FIRST_PART} + ${1 - FIRST_PART} * number / ${events}) AS joined FROM numbers(${from}, ${count})))`;
}

/** SQL that inserts the `$identify` of each person who has two IDs, in the last block. */
function linksSql(filling: Filling, times: Times): string {
  const { projectId, appId, people } = filling;
  const { startMs, spanMs } = times;
  return `INSERT INTO events SELECT '${projectId}', '${appId}',
    concat('01K', substring(hex(toUInt64(ms)), 4), hex(sipHash64(person, 'link'))), '$identify', concat('user_', toString(person)), '',
    fromUnixTimestamp64Milli(ms), fromUnixTimestamp64Milli(ms + 800), concat('{"anonymous_id":"device_', toString(person), '"}'), NULL, '',
    ${CONTEXT}, toUInt64(${startMs + spanMs}) * 1000
    FROM (
      SELECT number, number * ${LINKED_EVERY} AS person, ${joinedSql(filling, times)} + ${LINKED_AFTER_MS} AS ms
      FROM numbers(${Math.ceil(people / LINKED_EVERY)})
    ) WHERE ms < ${startMs + spanMs}`;
}

/** Long enough for all of 100 million events. */
const RAW_MS = 600_000;

/** The same query in plain SQL on the events, in milliseconds each, through the same engine with its default threads. */
export async function timeRaw(eventsDir: string, sql: string, rounds: number): Promise<number[]> {
  const gateway = await openGateway(embedded(eventsDir), { size: 1, waitingMax: 1 });
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    await gateway.query(sql, {}, { timeoutMs: RAW_MS });
    times.push(performance.now() - startedMs);
  }
  await gateway.close();
  return times;
}

/** Merges all parts, as the engine does in the background over time. */
export async function mergeAll(eventsDir: string): Promise<void> {
  const gateway = await openGateway(embedded(eventsDir), { size: 1, waitingMax: 1 });
  for (const { name } of await listTables(gateway)) await gateway.command(`OPTIMIZE TABLE ${name} FINAL`);
  await gateway.close();
}

function listTables(gateway: Gateway): Promise<{ name: string }[]> {
  return gateway.query(
    "SELECT name FROM system.tables WHERE database = 'appflow' AND engine LIKE '%MergeTree'",
  );
}

/** Returns the size of the active parts of each table, in bytes. */
export async function readSizes(eventsDir: string): Promise<Map<string, number>> {
  const gateway = await openGateway(embedded(eventsDir), { size: 1, waitingMax: 1 });
  const rows = await gateway.query<{ table: string; bytes: string }>(
    "SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts WHERE database = 'appflow' AND active GROUP BY table ORDER BY bytes DESC",
  );
  await gateway.close();
  return new Map(rows.map(({ table, bytes }) => [table, Number(bytes)]));
}
