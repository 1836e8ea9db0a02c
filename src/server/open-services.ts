import { createPeople } from '../accounts/people.ts';
import { createAudit } from '../audit/audit.ts';
import type { AuditKey } from '../audit/chain.ts';
import { createFailureLog } from '../audit/failures.ts';
import { watchAuditEnd } from '../audit/seal.ts';
import type { Config } from '../config/config.ts';
import { openControl } from '../control/open.ts';
import { openDirectory } from '../directory/directory.ts';
import { deriveKey, derivePepper, redactSecrets } from '../directory/secret.ts';
import { createMetrics } from '../http/metrics/metrics.ts';
import { createUntrustedProxy } from '../http/network/untrusted-proxy.ts';
import { createAnswerLog } from '../http/pipeline/answer-log.ts';
import type { Services } from '../http/pipeline/services.ts';
import { startRecordCleanup } from '../idempotency/cleanup.ts';
import { openUsage } from '../keys/usage/usage.ts';
import { createFirstUse } from '../keys/verify/first-use.ts';
import { createRehash } from '../keys/verify/rehash.ts';
import { createGithubKeys } from '../leaks/github-keys.ts';
import { systemClock } from '../lib/clock.ts';
import { type LogDestination, openLog } from '../lib/log.ts';
import { createLoopDelay } from '../limits/loop-delay.ts';
import { createShedding } from '../limits/shedding.ts';
import { watchMemberships } from '../members/membership-watcher.ts';
import { closeAll, closeInReverse } from './close-all.ts';
import { prepareDataDir } from './data-dir.ts';
import { findSecretWarning, loadSecret, requireSameSecret } from './secret-store.ts';

/** The services that need no event store. Commands can use them while a server runs. */
export type ControlServices = Omit<Services, 'warehouse' | 'limiter'> & {
  eventsDir: string;
  close: () => Promise<void>;
};

/** Derives the key of the audit chain from a secret. */
export function toAuditKey(secret: string): AuditKey {
  return { id: derivePepper(secret).id, key: deriveKey(secret, 'audit') };
}

/** Opens the control plane in the data folder, and creates it at the first start. */
export async function openControlServices(
  config: Config,
  clock = systemClock(),
  logTo?: LogDestination,
): Promise<ControlServices> {
  const { controlFile, eventsDir, secretFile, isNew, rightsWarning } = prepareDataDir(config.dataDir);
  const log = openLog(config.logLevel, redactSecrets, logTo);
  if (rightsWarning !== undefined) log.warn(rightsWarning);
  const secret = config.secret ?? loadSecret(secretFile, { isNew });
  const pepper = derivePepper(secret);
  const retiredPeppers = config.retiredSecrets.map(derivePepper);
  await using opening = new AsyncDisposableStack();
  const control = opening.adopt(await openControl(controlFile, clock), ({ close }) => close());
  const auditKeys = [toAuditKey(secret), ...config.retiredSecrets.map(toAuditKey)] as const;
  const audit = createAudit(auditKeys, clock);
  await requireSameSecret({ control, audit, auditKeys }, pepper, retiredPeppers);
  const secretWarning = await findSecretWarning(control, pepper, retiredPeppers);
  if (secretWarning !== undefined) log.warn(secretWarning);
  const options = { maxStaleMs: config.keyMaxStaleMs };
  const directory = opening.adopt(await openDirectory(control, options), ({ close }) => close());
  const usage = await openUsage(control, clock, log);
  const failures = createFailureLog({ control, audit, clock, log });
  const rehash = createRehash({ control, directory, pepper, log });
  const firstUse = createFirstUse({ control, directory, clock, log });
  const loopDelay = createLoopDelay();
  opening.defer(loopDelay.close);
  const memberships = opening.adopt(watchMemberships({ control, clock }), ({ close }) => close());
  const stopCleanup = startRecordCleanup(control, clock, log);
  // In parallel: each may wait for another process's write lock, and the time to stop is limited.
  opening.defer(() => closeAll([stopCleanup, failures.close, rehash.close, firstUse.close, usage.close]));
  const opened = opening.move();
  return {
    config,
    control,
    directory,
    pepper,
    retiredPeppers,
    secretWarning,
    replaySecret: deriveKey(secret, 'keys/replay'),
    audit,
    auditWatch: watchAuditEnd(control, auditKeys, log),
    usage,
    failures,
    people: createPeople(control, [secret, ...config.retiredSecrets]),
    memberships,
    rehash,
    firstUse,
    githubKeys: createGithubKeys({ pinned: config.githubScanningKeys, log }),
    metrics: createMetrics(),
    untrustedProxy: createUntrustedProxy({ clock, log }),
    shedding: createShedding({ readLoopDelayMs: loopDelay.readMs, clock, log }),
    clock,
    log,
    answerLog: createAnswerLog({ clock, log }),
    eventsDir,
    close: () => closeInReverse(opened),
  };
}
