import type { Config } from './config.ts';
import { openControl } from './control/open.ts';
import { createAudit } from './keys/audit.ts';
import { openDirectory } from './keys/directory.ts';
import { deriveKey, derivePepper, redactSecrets } from './keys/secret.ts';
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
  const secret = config.secret ?? loadSecret(secretFile);
  const pepper = derivePepper(secret);
  const control = await openControl(controlFile, clock);
  try {
    await requireSameSecret(control, pepper);
    const directory = await openDirectory(control);
    const audit = createAudit({ id: pepper.id, key: deriveKey(secret, 'audit') }, clock);
    const close = async () => {
      directory.close();
      await control.close();
    };
    return { config, control, directory, pepper, audit, clock, log, eventsDir, close };
  } catch (error) {
    await control.close();
    throw error;
  }
}
