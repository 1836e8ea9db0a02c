import type { Config } from '../src/config.ts';
import { createServer } from '../src/http/server.ts';
import type { Clock } from '../src/lib/clock.ts';
import { createLimiter } from '../src/limits/limiter.ts';
import { type ControlServices, openControlServices } from '../src/open-services.ts';
import { ROUTES } from '../src/routes.ts';
import type { Services } from '../src/services.ts';
import { openWarehouse, type WarehouseOptions } from '../src/warehouse/open.ts';

export type OpenServer = { url: string; services: Services; stop: () => Promise<void> };

/**
 * Starts a server whose services the test holds: to wait for what happens behind the answers, or to put faults in with
 * `change`, which nobody but a test can reach. One a process, like any server.
 */
export async function startOpenServer(
  config: Config,
  clock?: Clock,
  change: (services: ControlServices & Services) => Partial<Services> = () => ({}),
  routes = ROUTES,
  warehouseOptions: Pick<WarehouseOptions, 'statementLimits'> = {},
): Promise<OpenServer> {
  const control = await openControlServices(config, clock);
  const { log, eventsDir, close } = control;
  const warehouse = await openWarehouse({ path: eventsDir, log, clock: control.clock, ...warehouseOptions });
  const opened = { ...control, warehouse, limiter: createLimiter({ overrides: config.limitOverrides }) };
  const services = { ...opened, ...change(opened) };
  const app = createServer(services, routes);
  const url = await app.listen({ port: config.port, host: config.host });
  const stop = async () => {
    await app.close();
    await warehouse.close();
    await close();
  };
  return { url, services, stop };
}
