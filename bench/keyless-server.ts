import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineRoute } from '../src/api/route.ts';
import { init } from '../src/cli/init.ts';
import { readConfig } from '../src/config/config.ts';
import { createServer } from '../src/http/server.ts';
import { API_KEY_JSON, toKeyJson } from '../src/keys/key-json.ts';
import { createLimiter } from '../src/limits/limiter.ts';
import { openRollups } from '../src/rollups/rollups.ts';
import { openControlServices } from '../src/server/open-services.ts';
import { openWarehouse } from '../src/warehouse/open.ts';

// A baseline for bench/http.ts: Appflow's own server and pipeline answer the same record, without a key or limit.
// The difference is the cost of authentication and rate limits.
const dataDir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
const config = readConfig({ APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'warn' });
const { project_id } = await init(config, { project: 'Bench', app: 'Main', platform: 'ios' });
const control = await openControlServices(config);
const warehouse = await openWarehouse({ path: control.eventsDir, log: control.log, clock: control.clock });
const rollups = openRollups({ ...control, warehouse });
const services = { ...control, warehouse, rollups, limiter: createLimiter() };
const [key] = control.directory.listKeys(project_id);
if (key === undefined) throw new Error('The project has no key.');
const route = defineRoute({
  method: 'GET',
  path: '/v1/api-keys/self',
  summary: 'The record that the measured route answers',
  access: 'public',
  limit: 'management',
  answer: { status: 200, schema: API_KEY_JSON },
  handle: () => toKeyJson(services, key),
});
const app = createServer(services, [route]);
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${url}\n`);

async function stop(): Promise<void> {
  await app.close();
  await rollups.close();
  await warehouse.close();
  await control.close();
  rmSync(dataDir, { recursive: true, force: true });
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
