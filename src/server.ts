import type { Config } from './config.ts';
import { createServer } from './http/server.ts';
import { createLimiter } from './limits/limiter.ts';
import { openControlServices } from './open-services.ts';
import { ROUTES } from './routes.ts';
import { openWarehouse } from './warehouse/open.ts';

/** A server that listens. `url` is where; `stop` resolves when everything acknowledged is safe and closed. */
export type RunningServer = { url: string; stop: () => Promise<void> };

/** Config → databases → services → listen. Throws, with nothing left open, when any of them cannot be had. */
export async function startServer(config: Config): Promise<RunningServer> {
  const control = await openControlServices(config);
  const { clock, log } = control;
  try {
    const warehouse = await openWarehouse({ path: control.eventsDir, log, clock });
    const limiter = createLimiter({
      overrides: config.limitOverrides,
      rateLimitHeaders: config.rateLimitHeaders,
    });
    const app = createServer({ ...control, warehouse, limiter }, ROUTES);
    const stop = async () => {
      // Requests under way are answered first, then the writer drains: what was acknowledged is already on disk.
      await app.close();
      await warehouse.close();
      await control.close();
    };
    try {
      const url = await app.listen({ port: config.port, host: config.host });
      log.info({ url }, 'listening');
      return { url, stop };
    } catch (error) {
      await warehouse.close();
      throw error;
    }
  } catch (error) {
    await control.close();
    throw error;
  }
}
