import type { Clock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import { killSelf } from '../lib/kill-self.ts';
import type { Log } from '../lib/log.ts';
import { createTurns } from '../lib/turns.ts';
import { linkStore } from './copy/link-store.ts';
import { embedded } from './engine/embedded.ts';
import { type Gateway, openGateway } from './engine/gateway.ts';
import { close, openGateways, openMending, type WriterState } from './engine/open-gateways.ts';
import { connectToServer } from './engine/server.ts';
import { type EventServer, embeddedEngine, serverEngine } from './engine/store-engine.ts';
import { createWatchdog, type StatementLimits } from './engine/watchdog.ts';
import { type IdKey, openErasedIds } from './erased-ids.ts';
import { rethrowDamage } from './integrity/damage-error.ts';
import { type Inspection, inspect, NO_LEDGER } from './integrity/inspect.ts';
import { type EventCount, type Integrity, openIntegrity } from './integrity/integrity.ts';
import { describeLog } from './integrity/log-damage.ts';
import { type Before, readBefore } from './integrity/read-before.ts';
import { loadLog, logFolder } from './log/segments.ts';
import { type Mender, startMender } from './mending/mend-derived.ts';
import { listMigrations, listPendingMigrations, migrate, requireKnownMigrations } from './migrate.ts';
import { createDeletions, type Deletions } from './open-deletions.ts';
import { openStoreWriter } from './open-writer.ts';
import type { OnConflict } from './persons/insert-persons.ts';
import { openLinkedProjects } from './persons/linked-projects.ts';
import { createProbe } from './probe.ts';
import { claimServer, noMender, prepareTables, serverIntegrity } from './server-store.ts';
import type { OnStored, Writer } from './writer.ts';

/** The event store: queries run on its readers, events go in through its single writer. */
export type Warehouse = Pick<Gateway, 'query'> &
  Pick<Writer, 'append' | 'feed' | 'queue' | 'isFailing'> &
  Pick<Deletions, 'deleteEvents' | 'forgetIds' | 'rebuild'> & {
    /** Resolves when all events that were appended so far are stored or rejected, and everything is derived from them. */
    settled(): Promise<void>;
    /** Runs statements in the background, by one thread, apart from queries and the writer. */
    maintenance: Pick<Gateway, 'query' | 'command'>;
    /** Calls the listener with the new rows of each block, before they are acknowledged. Queries wait until they are inserted. */
    onStored(listener: OnStored): void;
    /** How long the writer's oldest running statement has run, in milliseconds; 0 if none is running. */
    oldestStatementMs(): number;
    /** Stored events that are lost or cannot be read, as sentences with what to do; empty if there are none. */
    listProblems(): string[];
    /** Whether IDs of a project may belong to a person of another ID. */
    hasLinks(projectId: string): boolean;
    /** Whether queries are answered, as of the last second. */
    isAnswering(): Promise<boolean>;
    /**
     * Copies the store as of one moment to a new folder on the same file system, which an engine of its own can open: everything that was
     * acknowledged before is in the copy. `meanwhile` runs in that moment. Appends wait until both are done. Rejects with StorageError, or
     * with the system's error.
     */
    copyTo(folder: string, meanwhile: () => Promise<void>): Promise<void>;
    /** Rejects new work, stores what is queued, then closes the engine. */
    close(): Promise<void>;
  };

export type WarehouseOptions = {
  /** Data folder of the embedded engine, created when missing. One process per folder. */
  path: string;
  /** The ClickHouse server to use instead. */
  server?: EventServer | undefined;
  log: Log;
  clock: Clock;
  /** Queries that run in parallel. */
  readers?: number;
  /** Memory of all queries together, in bytes. */
  queryMemoryBytes?: number | undefined;
  /** How long the writer's statements may run. */
  statementLimits?: StatementLimits;
  /** Runs before an existing store in a folder is migrated. */
  beforeMigrations?: () => Promise<void>;
  /** Called with each stored event that links an ID of someone else, and so has no effect. */
  onLinkConflict?: OnConflict;
  /** What IDs of deleted events are remembered with; without it, they are forgotten. */
  idKey?: IdKey | undefined;
} & EventCount;

/**
 * Opens the store, migrates its tables and repairs what a crash left behind. Rejects with StorageError: `busy` when
 * another process has the folder open, `unavailable` when it cannot be written.
 */
export async function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  const { path, server, log, clock } = options;
  const engine = server === undefined ? embeddedEngine(path) : serverEngine(server);
  // Before the engine opens the folder: it moves or merges what this compares.
  const integrity = engine.isServer ? serverIntegrity() : await openIntegrity(path, options);
  const watchdog = createWatchdog(options.statementLimits);
  await using opening = new AsyncDisposableStack();
  opening.defer(watchdog.stop);
  const writerState: WriterState = { watch: watchdog.watch, isBusy: () => false };
  const gateways = await openGateways({ ...options, engine }, writerState, opening);
  const { writing, control, reading, maintenance } = gateways;
  await migrateStore(writing, integrity, options);
  const erasedIds = await openErasedIds(writing, options.idKey, clock);
  let mender: Mender | undefined;
  const noteFailure = (error: unknown) => mender?.noteFailure(error);
  opening.defer(() => integrity.stop(writing));
  const { notify: onStored, listen } = createInsertListeners();
  const { watch, isOverdue } = watchdog;
  const parts = {
    ...{ path, engine, watch, onStored, writing, reading, erasedIds, integrity },
    ...{ noteFailure, onConflict: options.onLinkConflict, isOverdue, clock, log },
  };
  const writer = opening.adopt(await openStoreWriter(parts), close);
  writerState.isBusy = writer.isBusy;
  const appends = trackAppends(writer);
  // After the writer, which repairs at its start.
  const linked = await openLinkedProjects(writing, appends.append);
  integrity.start(writing);
  const turns = createTurns();
  const mend = { open: openMending(engine), control, pause: writer.pause, integrity, turns, clock, log };
  mender = engine.isServer ? noMender() : await startMender(mend);
  opening.defer(mender.stop);
  const { stop, ...deleting } = createDeletions({ ...mend, erasedIds });
  opening.defer(stop);
  const stuck = () => engine.isServer || endProcess(log, watchdog.oldestMs());
  watchdog.start({ overdue: writer.giveUp, stuck });
  // From here on, closing is up to the caller, in reverse order of opening: the writer first, which drains its queue.
  const opened = opening.move();
  const query = queryAfter(writer, reading, noteFailure);
  // The probe waits for no one; it fails when queries would, because a statement of the writer is overdue.
  const after = () => (isOverdue() ? writer.pendingDerivation() : undefined);
  const probe: Gateway['query'] = (sql, params) => control.query(sql, params, { after });
  return {
    query,
    ...deleting,
    ...appends,
    ...linked,
    maintenance,
    onStored: listen,
    ...{ feed: writer.feed, queue: writer.queue, isFailing: writer.isFailing },
    listProblems: () => [...integrity.listProblems(), ...(mender?.listProblems() ?? [])],
    oldestStatementMs: watchdog.oldestMs,
    copyTo: (...to) => turns.run(() => writer.pause(() => copyInUse(options, ...to))),
    isAnswering: createProbe(probe, { clock, log }),
    close: () => opened.disposeAsync(),
  };
}

/** Returns `append` of a writer, and what waits for everything that was appended so far. */
function trackAppends({ append, pause }: Writer): Pick<Warehouse, 'append' | 'settled'> {
  const waiting = new Set<Promise<unknown>>();
  return {
    append(rows) {
      const stored = append(rows);
      waiting.add(stored);
      const forget = () => void waiting.delete(stored);
      stored.then(forget, forget);
      return stored;
    },
    async settled() {
      await Promise.allSettled(waiting);
      await pause(async () => {});
    },
  };
}

/** Returns queries that also see everything derived from the events that are acknowledged to their caller. */
function queryAfter(
  { pendingDerivation: after }: Writer,
  reading: Gateway,
  noteFailure: (error: unknown) => void,
): Gateway['query'] {
  return async (sql, params, options) => {
    try {
      return await reading.query(sql, params, { ...options, after });
    } catch (error) {
      noteFailure(error);
      throw error;
    }
  };
}

/** Nothing is stored or deleted meanwhile, and the log is empty. */
async function copyInUse(
  { path, server }: WarehouseOptions,
  folder: string,
  meanwhile: () => Promise<void>,
): Promise<void> {
  if (server !== undefined) throw new StorageError('unavailable', 'Events on a server are not copied');
  await linkStore(path, folder, { hasLog: true });
  await meanwhile();
}

function createInsertListeners() {
  const listeners: OnStored[] = [];
  const notify: OnStored = (rows, block) => {
    for (const listener of listeners) listener(rows, block);
  };
  return { notify, listen: (listener: OnStored) => void listeners.push(listener) };
}

/** Whether no release that writes a ledger has migrated a store: the first one that does applies this migration. */
const isFirstWithLedger = (pending: readonly string[]) =>
  pending.includes('0003-start-with-broken-parts.sql');

/**
 * The lengths of texts in the file of the texts: then few events are read in three quarters of the time, and take 4 B less. Servers may
 * be too old for it.
 */
const ONE_FILE_PER_TEXT = "ALTER TABLE events MODIFY SETTING string_serialization_version = 'single_stream'";

async function migrateStore(
  writing: Gateway,
  integrity: Integrity,
  { server, log, beforeMigrations }: Pick<WarehouseOptions, 'server' | 'log' | 'beforeMigrations'>,
): Promise<void> {
  // Before the claim, which fences off a node of that release.
  await requireKnownMigrations(writing, { isServer: server !== undefined });
  if (server) await claimServer(writing, server);
  const pending = await listPendingMigrations(writing).catch(rethrowDamage);
  if (pending.length > 0 && pending.length < (await listMigrations()).length) await beforeMigrations?.();
  // Not a migration: servers may be older than this setting.
  const lacksSetting = !server && !(await hasOneFilePerText(writing));
  if (pending.length > 0 || lacksSetting) await integrity.expectMigrations(isFirstWithLedger(pending));
  const applied = await migrate(writing).catch(rethrowDamage);
  if (applied.length > 0) log.info({ applied }, 'event store migrated');
  if (server) await prepareTables(writing);
  else if (lacksSetting) await writing.command(ONE_FILE_PER_TEXT);
  await integrity.checkKept(writing);
  await integrity.finishDeletion(writing);
}

const hasOneFilePerText = async (gateway: Gateway): Promise<boolean> =>
  (
    await gateway.query(
      `SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'events'
       AND engine_full LIKE '%string_serialization_version%'`,
    )
  ).length > 0;

/** SIGKILL, because exit() waits for the engine's threads. Nothing that was acknowledged is lost by it. */
function endProcess(log: Log, forMs: number): void {
  log.fatal(
    { forMs },
    'the event store has stopped answering: this process kills itself, its supervisor has to start it again',
  );
  killSelf();
}

/** Returns the migrations that the next start applies to a server's tables. Changes nothing. Rejects with StorageError. */
export async function inspectServer(url: string): Promise<string[]> {
  const gateway = await openGateway(connectToServer(url, { creates: false }), { size: 1, waitingMax: 1 });
  return await listPendingMigrations(gateway).finally(gateway.close);
}

/** What `inspectStore` found: migrations that the next start applies, and what is damaged. */
export type StoreInspection = Inspection & { pending: string[] };

/**
 * Opens the event store in the folder `path` as it is, compares it with what was recorded, reads all of it against its
 * checksums, and closes it again. No table or row changes; the engine maintains its folder as it does whenever it is
 * open. Rejects with StorageError when the store cannot be opened or does not answer. `knownEvents` as in `EventCount`.
 */
export async function inspectStore(path: string, knownEvents?: number): Promise<StoreInspection> {
  const before = await readBefore(path, knownEvents);
  const gateway = await openGateway(embedded(path), { size: 1, waitingMax: 1 });
  try {
    const pending = await listPendingMigrations(gateway);
    if (pending.length > 0) return { pending, problems: listLedgerProblems(before, pending), repairs: [] };
    const { problems, repairs } = await inspect(gateway, before);
    const inLog = describeLog(await loadLog(logFolder(path)));
    return { pending, problems: [...problems, ...inLog.problems], repairs: [...repairs, ...inLog.repairs] };
  } finally {
    await gateway.close();
  }
}

function listLedgerProblems({ ledger }: Before, pending: readonly string[]): string[] {
  const isExpected = ledger !== 'missing' || !isFirstWithLedger(pending);
  return typeof ledger === 'string' && isExpected ? [NO_LEDGER] : [];
}
