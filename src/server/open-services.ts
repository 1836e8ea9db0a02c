import type { KeyObject } from 'node:crypto';
import { createPeople } from '../accounts/people.ts';
import { createAudit } from '../audit/audit.ts';
import type { AuditKey } from '../audit/chain.ts';
import { createFailureLog } from '../audit/failures.ts';
import { watchAuditEnd } from '../audit/seal.ts';
import type { Config } from '../config/config.ts';
import { describeIgnored } from '../control/migrate.ts';
import { findControlPlace, openControl } from '../control/open.ts';
import { openDirectory } from '../directory/directory.ts';
import { deriveKey, derivePepper, redactSecrets } from '../directory/secret.ts';
import { createDiskSpace } from '../disk/space.ts';
import { createEraser } from '../erasure/eraser.ts';
import { openErasureKey } from '../erasure/erasure-key.ts';
import { openTombstones } from '../erasure/tombstones.ts';
import { createBodyServices } from '../http/body/bodies.ts';
import { createConnections } from '../http/connections/connections.ts';
import { createMetrics } from '../http/metrics/metrics.ts';
import { createUntrustedProxy } from '../http/network/untrusted-proxy.ts';
import { createAnswerLog } from '../http/pipeline/answer-log.ts';
import type { Services } from '../http/pipeline/services.ts';
import { openIngestion } from '../ingestion/ingestion.ts';
import { createUnstoredRevocations } from '../keys/unstored-revocations.ts';
import { openUsage } from '../keys/usage/usage.ts';
import { createFirstUse } from '../keys/verify/first-use.ts';
import { createRehash } from '../keys/verify/rehash.ts';
import { createGithubKeys } from '../leaks/github-keys.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { type Log, type LogDestination, openLog } from '../lib/log.ts';
import { createLoopDelay } from '../limits/loop-delay.ts';
import { createShedding } from '../limits/shedding.ts';
import { watchMemberships } from '../members/membership-watcher.ts';
import { applyClockFloor, readLastWrite, withoutFloor } from './clock-floor.ts';
import { closeAll, closeInReverse } from './close-all.ts';
import { countStart, noteRevision, readNotedRevision, reportOlder } from './control-revision.ts';
import { prepareDataDir } from './data-dir.ts';
import { findPlaceProblem } from './event-place.ts';
import { findUnfinishedMove } from './moved.ts';
import { findSecretWarning, loadSecret, requireSameSecret } from './secret-store.ts';
import { createSnapshots, type KeepSnapshot } from './snapshots/keep-snapshot.ts';
import { requireControlFile, requirePair, type StorePaths } from './store-pair.ts';

/** The services that need no event store. Commands can use them while a server runs. */
export type ControlServices = Omit<Services, 'warehouse' | 'rollups' | 'limiter'> & {
  eventsDir: string;
  /** Keeps the data folder as it is, before anything in it is migrated. */
  keepSnapshot: KeepSnapshot;
  /** What requests between nodes are signed with: the current key, then retired ones. */
  nodeKeys: readonly [KeyObject, ...KeyObject[]];
  /** Throws an error with the fix if the event store is not the one of this control database. Marks a new one. */
  requirePair: () => Promise<void>;
  close: () => Promise<void>;
};

/** Derives the key of the audit chain from a secret. */
export function toAuditKey(secret: string): AuditKey {
  return { id: derivePepper(secret).id, key: deriveKey(secret, 'audit') };
}

const toNodeKey = (secret: string) => deriveKey(secret, 'nodes');

/** Opens the control plane in the data folder, and creates it at the first start. */
export async function openControlServices(
  config: Config,
  clock: Clock = systemClock(),
  logTo?: LogDestination,
): Promise<ControlServices> {
  const { eventsDir, secretFile, isNew, rightsWarning } = prepareDataDir(config);
  const paths = findStorePaths(config, eventsDir);
  const log = openLog(config.logLevel, redactSecrets, logTo);
  if (rightsWarning !== undefined) log.warn(rightsWarning);
  requireControlFile(paths);
  const secret = config.secret ?? loadSecret(secretFile, { isNew });
  const pepper = derivePepper(secret);
  const retiredPeppers = config.retiredSecrets.map(derivePepper);
  await using opening = new AsyncDisposableStack();
  const database = opening.adopt(await openDatabase(config, paths, clock, log), close);
  const { control } = database;
  await countStart({ control, log });
  // Again: a move that is being completed either sees that this was counted, or has marked the folder before.
  requireControlFile(paths);
  const auditKeys = [toAuditKey(secret), ...config.retiredSecrets.map(toAuditKey)] as const;
  const audit = createAudit(auditKeys, clock);
  await requireSameSecret({ control, audit, auditKeys }, pepper, retiredPeppers);
  const secretWarning = await findSecretWarning(control, pepper, retiredPeppers);
  if (secretWarning) log.warn(secretWarning);
  const { keyMaxStaleMs: maxStaleMs, retiredSecrets } = config;
  const directory = opening.adopt(await openDirectory(control, { maxStaleMs }), close);
  const erasing = await openErasing({ control, audit, clock, log }, [secret, ...retiredSecrets]);
  const loopDelay = createLoopDelay();
  opening.defer(loopDelay.close);
  const memberships = opening.adopt(watchMemberships({ control, clock }), close);
  const writers = opening.adopt(await openWriters({ control, directory, audit, pepper, clock, log }), close);
  const opened = opening.move();
  return {
    ...database,
    ...writers,
    config,
    directory,
    pepper,
    retiredPeppers,
    secretWarning,
    replaySecret: deriveKey(secret, 'keys/replay'),
    nodeKeys: [toNodeKey(secret), ...retiredSecrets.map(toNodeKey)],
    ...{ ...erasing, audit },
    auditWatch: watchAuditEnd(control, auditKeys, log),
    people: createPeople({ control, clock, log }, [secret, ...config.retiredSecrets]),
    memberships,
    githubKeys: createGithubKeys({ pinned: config.githubScanningKeys, log }),
    metrics: createMetrics(),
    connections: createConnections({ clock, log, trustedProxies: config.trustedProxies }),
    untrustedProxy: createUntrustedProxy({ clock, log }),
    shedding: createShedding({ readLoopDelayMs: loopDelay.readMs, clock, log }),
    ...createBodyServices({ clock, log }),
    ...{ clock, log, eventsDir, startedAt: clock.now() },
    answerLog: createAnswerLog({ clock, log }),
    requirePair: () => requireEvents(control, config, paths),
    close: () => closeInReverse(opened),
  };
}

async function requireEvents(
  control: ControlServices['control'],
  config: Config,
  paths: StorePaths,
): Promise<void> {
  const problem = await findPlaceProblem(control, config, paths.eventsDir);
  if (problem !== undefined) throw new Error(problem);
  await requirePair(control, paths);
}

/** Returns where both stores of an installation are. */
export const findStorePaths = (config: Config, eventsDir: string): StorePaths => ({
  ...{ control: findControlPlace(config), eventsDir },
  hasEventServer: config.clickhouseUrl !== undefined,
});

type Database = Pick<ControlServices, 'control' | 'disk' | 'clockState' | 'keepSnapshot' | 'close'>;

/**
 * Opens the control database, reports what it lacks, and lets the clock start no earlier than what is stored in it. Closing
 * it notes its revision in the event store.
 */
async function openDatabase(config: Config, paths: StorePaths, clock: Clock, log: Log): Promise<Database> {
  const lastWriteMs = readLastWrite(paths.control.file);
  const noted = await readNotedRevision(paths.eventsDir);
  if (!config.hasClockFloor) log.warn('APPFLOW_CLOCK_FLOOR is off. Unset it after this start.');
  const disk = createDiskSpace(config.dataDir, log);
  const keepSnapshot = createSnapshots(config, log);
  const control = await openControl(paths.control, clock, {
    reserve: disk,
    beforeMigrations: keepSnapshot,
  });
  try {
    const unfinished = await findUnfinishedMove(control);
    if (unfinished !== undefined) throw new Error(unfinished);
    for (const loss of control.listProblems()) log.error(loss);
    if (control.ignored.length > 0) log.warn(describeIgnored(control.ignored));
    const clockState = config.hasClockFloor
      ? await applyClockFloor(clock, control, lastWriteMs)
      : withoutFloor(clock);
    await reportOlder({ control, clock, log }, paths, noted);
    const note = () => noteRevision({ control, clock, log }, paths);
    return { control, disk, clockState, keepSnapshot, close: () => note().then(control.close) };
  } catch (error) {
    await control.close();
    throw error;
  }
}

/** Opens what people are erased with. They are erased once `eraser` is started. */
async function openErasing(
  services: Pick<ControlServices, 'control' | 'audit' | 'clock' | 'log'>,
  secrets: readonly [string, ...string[]],
): Promise<Pick<ControlServices, 'erasureKey' | 'tombstones' | 'eraser'>> {
  const erasureKey = await openErasureKey(services.control, secrets);
  const tombstones = await openTombstones(services.control, erasureKey);
  return { erasureKey, tombstones, eraser: createEraser({ ...services, erasureKey, tombstones }) };
}

type Writers = Pick<
  ControlServices,
  'usage' | 'ingestion' | 'failures' | 'rehash' | 'firstUse' | 'unstored' | 'close'
>;

/** Opens what writes to the control database in the background. */
async function openWriters(
  services: Pick<ControlServices, 'control' | 'directory' | 'audit' | 'pepper' | 'clock' | 'log'>,
): Promise<Writers> {
  const { control, clock, log } = services;
  const usage = await openUsage(control, clock, log);
  const ingestion = openIngestion(control, clock, log);
  const failures = createFailureLog(services);
  const rehash = createRehash(services);
  const firstUse = createFirstUse(services);
  const unstored = createUnstoredRevocations(services);
  // In parallel: each may wait for another process's write lock, and the time to stop is limited.
  const background = [failures, rehash, firstUse, usage, ingestion, unstored];
  const close = () => closeAll(background.map((one) => one.close));
  return { usage, ingestion, failures, rehash, firstUse, unstored, close };
}

/** For what is closed in reverse order of opening. */
async function close(opened: { close: () => Promise<void> | void }): Promise<void> {
  await opened.close();
}
