import type { Config } from './config.ts';
import { openControl } from './control/open.ts';
import { prepareDataDir } from './data-dir.ts';
import { type AuditKey, createAudit } from './keys/audit.ts';
import { createFailureLog } from './keys/audit-failures.ts';
import { openDirectory } from './keys/directory.ts';
import { createRehash } from './keys/rehash.ts';
import { forgetAnswers, keepForgetting } from './keys/replays.ts';
import { deriveKey, derivePepper, redactSecrets } from './keys/secret.ts';
import { loadSecret, requireSameSecret } from './keys/secret-store.ts';
import { openUsage } from './keys/usage.ts';
import { createGithubKeys } from './leaks/github-keys.ts';
import { systemClock } from './lib/clock.ts';
import { openLog } from './lib/log.ts';
import { createMetrics } from './metrics/metrics.ts';
import type { Services } from './services.ts';

/** What needs no event store: enough for commands that work beside a running server. */
export type ControlServices = Omit<Services, 'warehouse' | 'limiter'> & {
  eventsDir: string;
  close: () => Promise<void>;
};

/** Returns the key of the audit chain that a secret makes. */
export function toAuditKey(secret: string): AuditKey {
  return { id: derivePepper(secret).id, key: deriveKey(secret, 'audit') };
}

/** Opens the control plane in the data folder: made at the first start, found again at the next. */
export async function openControlServices(config: Config, clock = systemClock()): Promise<ControlServices> {
  const { controlFile, eventsDir, secretFile, isNew } = prepareDataDir(config.dataDir);
  const log = openLog(config.logLevel, redactSecrets);
  const secret = config.secret ?? loadSecret(secretFile, { isNew });
  const pepper = derivePepper(secret);
  const retiredPeppers = config.retiredSecrets.map(derivePepper);
  const control = await openControl(controlFile, clock);
  try {
    const audit = createAudit(toAuditKey(secret), clock);
    await requireSameSecret({ control, audit }, pepper, retiredPeppers);
    const directory = await openDirectory(control, { maxStaleMs: config.keyMaxStaleMs });
    const usage = await openUsage(control, clock, log);
    const failures = createFailureLog({ control, audit, clock, log });
    const rehash = createRehash({ control, directory, pepper, log });
    const close = async () => {
      stopForgetting();
      await failures.close();
      await rehash.close();
      directory.close();
      await control.close();
    };
    const replaySecret = deriveKey(secret, 'keys/replay');
    await forgetAnswers(control, clock.now());
    const stopForgetting = keepForgetting(control, clock, log);
    const keys = { replaySecret, directory, pepper, retiredPeppers, rehash, audit, failures };
    const githubKeys = createGithubKeys({ pinned: config.githubScanningKeys });
    return {
      config,
      control,
      ...keys,
      githubKeys,
      usage,
      metrics: createMetrics(),
      clock,
      log,
      eventsDir,
      close,
    };
  } catch (error) {
    await control.close();
    throw error;
  }
}
