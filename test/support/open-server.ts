import type { Config } from '../../src/config/config.ts';
import { startErasing } from '../../src/erasure/start-erasing.ts';
import type { Services } from '../../src/http/pipeline/services.ts';
import { createServer } from '../../src/http/server.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { openRollups } from '../../src/rollups/rollups.ts';
import { ROUTES } from '../../src/routes.ts';
import { type ControlServices, openControlServices } from '../../src/server/open-services.ts';
import { openWarehouse, type WarehouseOptions } from '../../src/warehouse/open.ts';

/** One process only. */
const ALWAYS = { holder: 'test', wasReleased: true, leftMs: () => 60_000 };

/** A server and the services it uses. */
export type OpenServer = { url: string; services: Services; stop: () => Promise<void> };

/**
 * Starts a server and returns its services, so that a test can wait for background work or inject faults with `change`.
 * One per process, like any server. It sheds no load unless `change` says so.
 */
export async function startOpenServer(
  config: Config,
  clock?: Clock,
  change: (services: ControlServices & Services) => Partial<Services> = () => ({}),
  routes = ROUTES,
  warehouseOptions: Pick<WarehouseOptions, 'statementLimits'> = {},
): Promise<OpenServer> {
  const control = await openControlServices(config, clock);
  const { log, eventsDir, close, erasureKey: idKey } = control;
  const { queryMemoryBytes, clickhouseUrl } = config;
  const server =
    clickhouseUrl === undefined
      ? undefined
      : { url: clickhouseUrl, storeId: 'test', lease: ALWAYS, onFenced() {} };
  const options = { path: eventsDir, server, log, clock: control.clock, queryMemoryBytes, idKey };
  const warehouse = await openWarehouse({ ...options, ...warehouseOptions });
  const rollups = openRollups({ ...control, warehouse });
  const opened = {
    ...control,
    warehouse,
    rollups,
    limiter: createLimiter({ overrides: config.limitOverrides }),
  };
  // A machine that is busy with other tests would be taken for a busy server.
  const shedding = { ...control.shedding, refuses: () => false };
  const services = { ...opened, shedding, ...change(opened) };
  const app = createServer(services, routes);
  const stopErasing = startErasing(services, { invalidateDays: rollups.invalidate });
  const url = await app.listen({ port: config.port, host: config.host });
  const stop = async () => {
    await app.close();
    await stopErasing();
    await rollups.close();
    await warehouse.close();
    await close();
  };
  return { url, services, stop };
}
