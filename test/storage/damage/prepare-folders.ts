import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { readConfig } from '../../../src/config/config.ts';
import { openSqliteControl } from '../../../src/control/open-sqlite.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { openRollups } from '../../../src/rollups/rollups.ts';
import { openEvents } from '../../../src/server/open-events.ts';
import { openControlServices } from '../../../src/server/open-services.ts';
import { embedded } from '../../../src/warehouse/engine/embedded.ts';
import { openGateway } from '../../../src/warehouse/engine/gateway.ts';
import { initByCli, type ServerProcess, startServerProcess } from '../../support/child-processes.ts';
import { makeTempDir } from '../../support/harness.ts';
import { listTables } from './list-tables.ts';

/** Two copies of a data folder in real use. */
export type Folders = {
  /** As SIGTERM leaves it. Its events are in a wide and in several compact parts. */
  stopped: string;
  /** As SIGKILL leaves it: with a write-ahead log that holds changes, and an event log that holds events. */
  killed: string;
};

const EVENTS_PER_BATCH = 1000;

async function send(
  server: ServerProcess,
  { server_key: key, app_id: appId }: { server_key: string; app_id: string },
  prefix: string,
  count: number,
  bytes: number,
): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    event_id: `${prefix}${index}`,
    event_name: 'opened',
    app_id: appId,
    app_user_id: `user${index % 50}`,
    properties: { text: 'x'.repeat(bytes) },
  }));
  const { status, text } = await server.call('POST', '/v1/events', { key, body: { events } });
  assert.equal(status, 200, text);
}

/** Sends an event that fills a row of each table of persons, and an old one. */
async function identify(
  server: ServerProcess,
  { server_key: key, app_id }: { server_key: string; app_id: string },
): Promise<void> {
  const properties = { anonymous_id: 'user1', $set: { plan: 'pro' } };
  const event = { event_id: 'linked', event_name: '$identify', app_id, app_user_id: 'ann', properties };
  const paid = { event_id: 'paid', event_name: 'purchase', app_id, app_user_id: 'ann' };
  const bought = { ...paid, properties: { revenue: 9.99, currency: 'USD' } };
  const old = { event_id: 'old', event_name: 'opened', app_id, app_user_id: 'ann', timestamp: OLD };
  const { status, text } = await server.call('POST', '/v1/events', {
    key,
    body: { events: [event, bought, old] },
  });
  assert.equal(status, 200, text);
}

/** The time of an event that retention deletes. */
const OLD = '2025-01-01T00:00:00Z';

/** Runs a server, sends events, merges them into a wide part, sends more, and returns what stays on disk. */
export async function prepareFolders(): Promise<Folders> {
  const stopped = makeTempDir();
  const env = { APPFLOW_DATA_DIR: stopped, LOG_LEVEL: 'fatal', APPFLOW_LIMIT_EVENTS: 'off' };
  const project = await initByCli(env);
  await using first = await startServerProcess(env);
  await identify(first, project);
  // A part above 10 MB has a file for each column, a smaller one has one file for all.
  for (const prefix of ['a', 'b', 'c']) await send(first, project, prefix, EVENTS_PER_BATCH, 4_000);
  await first.stop();
  await mergeParts(join(stopped, 'events'));
  await deleteAndRollUp(stopped, project.project_id);
  await leaveFreePages(join(stopped, 'control.db'));
  await using second = await startServerProcess(env);
  for (const prefix of ['d', 'e']) await send(second, project, prefix, 20, 10);
  await second.stop();
  const killed = copyFolder(stopped);
  await using third = await startServerProcess({ ...env, APPFLOW_DATA_DIR: killed });
  for (const name of ['One', 'Two', 'Three']) {
    const options = { key: project.server_key, body: { name, platform: 'ios' } };
    assert.equal((await third.call('POST', '/v1/apps', options)).status, 201);
  }
  await send(third, project, 'f', 20, 10);
  // Before they are moved into the tables.
  await third.kill();
  return { stopped, killed };
}

/** Deletes the old event, as retention does, and derives the days that have changed. */
async function deleteAndRollUp(dataDir: string, projectId: string): Promise<void> {
  const config = readConfig({ APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'silent' });
  const control = await openControlServices(config);
  const warehouse = await openEvents(control);
  await warehouse.deleteEvents({ projectId, to: Date.parse(OLD) });
  const rollups = openRollups({ ...control, warehouse });
  await rollups.settle();
  await rollups.close();
  await warehouse.close();
  await control.close();
}

async function mergeParts(eventsDir: string): Promise<void> {
  const gateway = await openGateway(embedded(eventsDir), { size: 1, waitingMax: 1 });
  await gateway.command('OPTIMIZE TABLE events FINAL');
  await gateway.close();
  // The engine keeps what it merged for some minutes, and uses it if the merged part is damaged.
  const folder = listTables(eventsDir).get('events')?.folder ?? '';
  for (const name of readdirSync(folder))
    if (/_\d+_\d+_0$/.test(name)) rmSync(join(folder, name), { recursive: true });
}

/** Deletes a table, so that the database has pages without content. */
async function leaveFreePages(file: string): Promise<void> {
  const database = new Database(file);
  database.exec('CREATE TABLE gone (value TEXT)');
  const insert = database.prepare('INSERT INTO gone VALUES (?)');
  for (let row = 0; row < 50; row += 1) insert.run('y'.repeat(2_000));
  database.exec('DROP TABLE gone');
  database.close();
  rmSync(`${file}-sum`);
  // Closed by the product, so that its checksum is of this content.
  await (await openSqliteControl(file, systemClock())).close();
}

/** Returns a copy of a data folder, removed when the test file ends. */
export function copyFolder(from: string): string {
  const to = makeTempDir();
  execFileSync('cp', ['-a', `${from}/.`, to]);
  return to;
}
