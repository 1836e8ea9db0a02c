import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS } from '../src/lib/durations.ts';
import { embedded } from '../src/warehouse/engine/embedded.ts';
import { type Gateway, openGateway } from '../src/warehouse/engine/gateway.ts';
import { DERIVE_IDS_SQL, DERIVE_USERS_SQL } from '../src/warehouse/integrity/derive-sql.ts';

/** How many events of how many people, over how many days up to today. */
export type Filling = { events: number; people: number; days: number; projectId: string; appId: string };

/** Rows of one statement. */
const STEP = 1_000_000;

const NAMES =
  "['app_open','screen_view','screen_view','screen_view','screen_view','button_tap','search','add_to_cart','trial_start','purchase_complete','share','session_note']";
const VERSIONS = "['2.4.0','2.4.1','2.5.0','2.6.0']";
const COUNTRIES = "['DE','US','US','GB','FR','BR','JP','IN']";

/**
 * Writes events as blocks of the engine's own format, made by the engine: the API would take minutes. Each person has a device
 * and up to two sessions a day, IDs are as random as ULIDs, and one event in twelve has revenue.
 */
export async function fillEvents(
  eventsDir: string,
  { events, people, days, projectId, appId }: Filling,
): Promise<void> {
  const gateway = await openGateway(embedded(eventsDir), { size: 1, waitingMax: 1 });
  const startMs = Math.floor(Date.now() / DAY_MS - days + 1) * DAY_MS;
  const spanMs = Date.now() - startMs - 60_000;
  const block = Date.now() * 1_000;
  for (let from = 0; from < events; from += STEP) {
    const count = Math.min(STEP, events - from);
    await gateway.command(`INSERT INTO events SELECT '${projectId}', '${appId}',
      concat('01K', substring(hex(toUInt64(ms)), 4), hex(sipHash64(number, 'id'))) AS event_id,
      ${NAMES}[1 + sipHash64(number, 'name') % 12] AS event_name, concat('user_', toString(person)) AS app_user_id,
      concat('s_', toString(person), '_', toString(intDiv(ms, ${DAY_MS / 2}))) AS session_id,
      fromUnixTimestamp64Milli(ms), fromUnixTimestamp64Milli(ms + 800),
      if(event_name = 'purchase_complete', '{"product_id":"pro","revenue":"9.99","currency":"USD"}',
        concat('{"screen":"', ['home','list','detail','settings'][1 + sipHash64(number, 'screen') % 4], '","depth":', toString(number % 7), '}')),
      if(event_name = 'purchase_complete', toDecimal64(9.99, 6), NULL), if(event_name = 'purchase_complete', 'USD', ''),
      'key_bench', 1, ['ios','android'][1 + person % 2], '18.1', ${VERSIONS}[1 + (person + intDiv(number, 3000000)) % 4],
      ${COUNTRIES}[1 + person % 8], 'de_DE', 'iPhone17,1', 'appflow-js/1.0.0', ${block} + intDiv(number, 10000)
      FROM (SELECT number, ${startMs} + toInt64(sipHash64(number, 'time') % ${spanMs}) AS ms,
        sipHash64(number, 'person') % ${people} AS person FROM numbers(${from}, ${count}))`);
  }
  await gateway.command(DERIVE_IDS_SQL);
  await gateway.command(DERIVE_USERS_SQL);
  await gateway.close();
}

/** The same query in plain SQL on the events, in milliseconds each, through the same engine with its default threads. */
export async function timeRaw(eventsDir: string, sql: string, rounds: number): Promise<number[]> {
  const gateway = await openGateway(embedded(eventsDir), { size: 1, waitingMax: 1 });
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    await gateway.query(sql);
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

/** Returns the size of all files in a folder, in bytes. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
