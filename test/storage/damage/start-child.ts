import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { checkControl } from '../../../src/cli/doctor/check-control.ts';
import { checkServer } from '../../../src/cli/doctor/check-server.ts';
import { readConfig } from '../../../src/config/config.ts';
import { assessReadiness } from '../../../src/http/readiness.ts';
import { createLimiter } from '../../../src/limits/limiter.ts';
import { openRollups, type Rollups } from '../../../src/rollups/rollups.ts';
import { type ControlServices, openControlServices } from '../../../src/server/open-services.ts';
import { openWarehouse, type Warehouse } from '../../../src/warehouse/open.ts';
import { until } from '../../support/until.ts';
import { readContents } from './contents.ts';

/** Starts the stores of a data folder as the server does, and prints what it noticed, as one JSON line. */
const [dataDir = '', expected = ''] = process.argv.slice(2);
const config = readConfig({ APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'silent' });

type Opened = { control: ControlServices; warehouse: Warehouse; rollups: Rollups };

async function open(): Promise<Opened> {
  const control = await openControlServices(config);
  await control.requirePair();
  const { log, clock, eventsDir: path } = control;
  const warehouse = await openWarehouse({ path, log, clock, idKey: control.erasureKey });
  return { control, warehouse, rollups: openRollups({ ...control, warehouse }) };
}

/** Returns a hash of everything that is stored; of the error if something cannot be read. */
async function digest({ control, warehouse, rollups }: Opened): Promise<string> {
  const hash = createHash('sha256');
  try {
    await rollups.settle();
    const contents = await readContents(warehouse);
    hash.update(JSON.stringify(contents));
    for (const table of Object.keys(contents)) {
      // Reads the primary index too.
      const found = await warehouse.query(
        `SELECT count() AS rows FROM ${table} WHERE project_id >= 'proj' AND app_id >= 'app'`,
      );
      hash.update(JSON.stringify(['events', 'event_ids'].includes(table) ? found : found.length));
    }
    for (const table of [
      'projects',
      'apps',
      'api_keys',
      'key_secrets',
      'audit_log',
      'audit_head',
      'people',
      'settings',
    ])
      hash.update(
        JSON.stringify((await sql`SELECT * FROM ${sql.table(table)}`.execute(control.control.db)).rows),
      );
  } catch (error) {
    return String(error);
  }
  return hash.digest('hex');
}

const isMending = (warehouse: Warehouse): boolean =>
  warehouse.listProblems().some((problem) => problem.includes('It is being derived again'));

async function examine(): Promise<string[]> {
  const findings = [...(await checkControl(config, undefined)), ...(await checkServer(config))];
  return findings.filter(({ status }) => status === 'failed').map(({ message }) => message);
}

async function run(): Promise<{ outcome: string; message: string }> {
  let opened: Opened;
  try {
    opened = await open();
  } catch (error) {
    return { outcome: 'refused', message: error instanceof Error ? error.message : String(error) };
  }
  const { control, warehouse, rollups } = opened;
  const { status, warnings } = await assessReadiness({ ...control, warehouse, limiter: createLimiter() });
  if (status === 'degraded') return { outcome: 'degraded', message: warnings.join(' ') };
  let found = await digest(opened);
  if (found === expected) return { outcome: 'harmless', message: '' };
  if (isMending(warehouse)) {
    await until('damaged tables are derived again', () => !isMending(warehouse));
    found = await digest(opened);
    if (found === expected) return { outcome: 'repaired', message: '' };
  }
  await rollups.close();
  await warehouse.close();
  await control.close();
  if (expected === '') return { outcome: 'digest', message: found };
  const failures = await examine();
  return failures.length > 0
    ? { outcome: 'doctor', message: failures.join(' ') }
    : { outcome: 'SILENT', message: found };
}

const result = await run();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
