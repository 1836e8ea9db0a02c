import type { Config } from './config.ts';
import { createServer } from './http/server.ts';
import type { Clock } from './lib/clock.ts';
import { createLimiter } from './limits/limiter.ts';
import { openControlServices } from './open-services.ts';
import { ROUTES } from './routes.ts';
import { openWarehouse } from './warehouse/open.ts';

/** A server that listens. `stop` resolves when everything acknowledged is safe and closed. */
export type RunningServer = { url: string; isNew: boolean; stop: () => Promise<void> };

/** What tests put in the place of time: the wall clock, and the limiter's monotonic one in whole microseconds. */
export type Clocks = { clock?: Clock; nowUs?: () => number };

/** A request that is still coming in by then is cut off: a slow client must not hold up a stop. */
const STOP_GRACE_MS = 5_000;

/** Config → databases → services → listen. Throws, with nothing left open, when any of them cannot be had. */
export async function startServer(
  config: Config,
  { clock: given, nowUs }: Clocks = {},
): Promise<RunningServer> {
  const control = await openControlServices(config, given);
  const { clock, log } = control;
  try {
    const warehouse = await openWarehouse({ path: control.eventsDir, log, clock });
    const limiter = createLimiter({
      overrides: config.limitOverrides,
      rateLimitHeaders: config.rateLimitHeaders,
      ...(nowUs === undefined ? {} : { nowUs }),
    });
    const app = createServer({ ...control, warehouse, limiter }, ROUTES);
    const stop = async () => {
      // Requests under way are answered first, then the writer drains: what was acknowledged is already on disk.
      const cutOff = setTimeout(() => app.server.closeAllConnections(), STOP_GRACE_MS);
      await app.close();
      clearTimeout(cutOff);
      await warehouse.close();
      await control.close();
    };
    try {
      const url = await app.listen({ port: config.port, host: config.host });
      log.info({ url }, 'listening');
      return { url, isNew: !control.directory.hasProjects(), stop };
    } catch (error) {
      await warehouse.close();
      throw error;
    }
  } catch (error) {
    await control.close();
    throw error;
  }
}
