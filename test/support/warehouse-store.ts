import { mkdtempSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before } from 'node:test';
import { systemClock } from '../../src/lib/clock.ts';
import { openLog } from '../../src/lib/log.ts';
import { createBlockStore } from '../../src/warehouse/block-store.ts';
import { embedded } from '../../src/warehouse/engine/embedded.ts';
import { type Gateway, openGateway } from '../../src/warehouse/engine/gateway.ts';
import type { EventRow } from '../../src/warehouse/event-row.ts';
import { type EventLog, openEventLog } from '../../src/warehouse/log/event-log.ts';
import { rowFileIn } from '../../src/warehouse/log/row-file.ts';
import { loadLog } from '../../src/warehouse/log/segments.ts';
import { type LoggedBlock, toLoggedBlock } from '../../src/warehouse/logged-block.ts';
import { migrate } from '../../src/warehouse/migrate.ts';
import { openWarehouse, type Warehouse } from '../../src/warehouse/open.ts';
import { cleanUp } from './clean-up.ts';

/** A warehouse for tests on its own folder. Only one can be open per process. */
export type TestStore = {
  path: string;
  open(): Promise<Warehouse>;
  remove(): Promise<void>;
};

/** Returns a new folder and a function that opens a warehouse on it, again and again to simulate restarts. */
export async function createTestStore(): Promise<TestStore> {
  const path = await mkdtemp(join(tmpdir(), 'appflow-warehouse-'));
  return {
    path,
    open: () => openWarehouse({ path, log: openLog('silent'), clock: systemClock() }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** Opens a warehouse on a new folder, and removes both when the test file ends. */
export async function openTestWarehouse(): Promise<Warehouse> {
  const store = await createTestStore();
  const warehouse = await store.open();
  cleanUp(async () => {
    await warehouse.close();
    await store.remove();
  });
  return warehouse;
}

/** Returns a gateway to a new store with all migrations, which exists from before the first test of a file to after its last. */
export function useTestGateway(): Gateway {
  let store: TestStore;
  let gateway: Gateway;
  before(async () => {
    store = await createTestStore();
    gateway = await openGateway(embedded(store.path), { size: 2, waitingMax: 100 });
    await migrate(gateway);
  });
  cleanUp(async () => {
    await gateway.close();
    await store.remove();
  });
  return {
    query: (...args) => gateway.query(...args),
    command: (...args) => gateway.command(...args),
    close: () => gateway.close(),
  };
}

/** Returns the path of a folder for a log, which is removed when the test file ends. */
export function makeLogFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'appflow-log-'));
  cleanUp(() => rm(path, { recursive: true, force: true }));
  return join(path, 'log');
}

/** Opens the log in a folder with what it contains, as a start does. It is closed when the test file ends. */
export async function openTestLog(
  folder = makeLogFolder(),
): Promise<{ eventLog: EventLog; logged: LoggedBlock[] }> {
  const loaded = await loadLog(folder);
  const eventLog = openEventLog(folder, loaded);
  cleanUp(eventLog.close);
  return { eventLog, logged: loaded.records.map(toLoggedBlock) };
}

/** Inserts blocks into some of the tables only, as an insert that was interrupted. */
export async function insertOnly(
  gateway: Gateway,
  tables: readonly ('events' | 'event_ids' | 'users')[],
  blocks: readonly LoggedBlock[],
): Promise<void> {
  const some: Gateway = {
    ...gateway,
    async command(sql) {
      if (tables.some((table) => sql.startsWith(`INSERT INTO ${table} `))) await gateway.command(sql);
    },
  };
  const withoutPersons = blocks.map((block) => ({ ...block, personRows: [] }));
  await createBlockStore(some, { withRows: rowFileIn(makeLogFolder()) }).insertNew(withoutPersons);
}

/** Returns an event row with default values for all columns that a test does not set. */
export function eventRow(row: Partial<EventRow> & { event_id: string }): EventRow {
  return {
    project_id: 'proj_a',
    app_id: 'app_a',
    event_name: 'app_open',
    app_user_id: 'user_a',
    session_id: '',
    timestamp: Date.UTC(2026, 4, 1),
    received_at: Date.UTC(2026, 4, 1, 1),
    properties: '{}',
    revenue: null,
    currency: '',
    key_id: 'key_a',
    verified: 1,
    platform: 'ios',
    os_version: '18.1',
    app_version: '2.4.0',
    country: 'DE',
    locale: 'de_DE',
    device_model: 'iPhone17,1',
    sdk: 'appflow-js/1.0.0',
    ...row,
  };
}
