import type { Config } from './config.ts';
import { openControl } from './control/open.ts';
import { openDirectory } from './keys/directory.ts';
import { derivePepper, redactSecrets } from './keys/secret.ts';
import { loadSecret, prepareDataDir, requireSameSecret } from './keys/secret-store.ts';
import { systemClock } from './lib/clock.ts';
import { openLog } from './lib/log.ts';
import type { Services } from './services.ts';

/** What needs no event store: enough for commands that work beside a running server. */
export type ControlServices = Omit<Services, 'warehouse' | 'limiter'> & {
  eventsDir: string;
  close: () => Promise<void>;
};

/** Opens the control plane in the data folder: made at the first start, found again at the next. */
export async function openControlServices(config: Config, clock = systemClock()): Promise<ControlServices> {
  const { controlFile, eventsDir, secretFile } = prepareDataDir(config.dataDir);
  const log = openLog(config.logLevel, redactSecrets);
  const pepper = derivePepper(config.secret ?? loadSecret(secretFile));
  const control = await openControl(controlFile, clock);
  try {
    await requireSameSecret(control, pepper);
    const directory = await openDirectory(control);
    const close = async () => {
      directory.close();
      await control.close();
    };
    return { config, control, directory, pepper, clock, log, eventsDir, close };
  } catch (error) {
    await control.close();
    throw error;
  }
}
