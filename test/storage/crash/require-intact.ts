import assert from 'node:assert/strict';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ChainEnd } from '../../../src/audit/chain.ts';
import { checkControl } from '../../../src/cli/doctor/check-control.ts';
import { readConfig } from '../../../src/config/config.ts';
import { openRollups } from '../../../src/rollups/rollups.ts';
import { openControlServices } from '../../../src/server/open-services.ts';
import { openWarehouse } from '../../../src/warehouse/open.ts';
import { readContents } from '../damage/contents.ts';

const configOf = (dataDir: string) =>
  readConfig({ APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'silent' });

/** Checks the control database and the chain of its audit log, which must contain its earlier end. Returns its end. */
export async function requireControl(dataDir: string, earlier: ChainEnd | undefined): Promise<ChainEnd> {
  const findings = await checkControl(configOf(dataDir), earlier);
  assert.ok(findings.some(({ check }) => check === 'audit log'));
  assert.deepEqual(
    findings.filter(({ status }) => status !== 'ok'),
    [],
  );
  const database = new Database(join(dataDir, 'control.db'), { readonly: true });
  const end = database.prepare('SELECT seq, mac FROM audit_head').get() as ChainEnd;
  database.close();
  return end;
}

/** Checks that everything that is derived, rollups included, is what deriving it from all events gives. */
export async function requireRebuilt(dataDir: string): Promise<void> {
  const control = await openControlServices(configOf(dataDir));
  const { log, clock, eventsDir: path } = control;
  const warehouse = await openWarehouse({ path, log, clock });
  const readRolledUp = async () => {
    const rollups = openRollups({ ...control, warehouse });
    await rollups.settle().finally(rollups.close);
    return await readContents(warehouse);
  };
  const before = await readRolledUp();
  await warehouse.rebuild(() => {});
  assert.deepEqual(await readRolledUp(), before, 'derived again');
  await warehouse.close();
  await control.close();
}
