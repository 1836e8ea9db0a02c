import type { Requester } from '../api/caller.ts';
import { diffOf } from '../audit/diff.ts';
import { type Control, NO_CALLER } from '../control/control.ts';
import { SECOND_MS } from '../lib/durations.ts';
import { newId } from '../lib/id.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { createTurns } from '../lib/turns.ts';
import {
  type AppPlan,
  type Erasure,
  findErasure,
  finishErasure,
  insertErasure,
  listUnderWay,
  openWork,
  updateWork,
  type Work,
} from './erasure-record.ts';
import type { ErasureControl, ErasureServices, ErasureStore } from './erasure-services.ts';
import type { Start } from './find-start.ts';
import { planApps } from './plan-apps.ts';
import type { PlannedApp } from './plan-erasure.ts';
import { withNeighbors } from './rolled-days.ts';

/** Which person to erase, in which apps of a project. */
export type ErasureRequest = { projectId: string; appIds: string[]; appUserId: string };

/** Carries out erasures, one after another, and those that another process requests or left unfinished. */
export type Eraser = {
  /** Starts carrying out what is requested, as soon as the event store is open. */
  start(store: ErasureStore): void;
  /**
   * Carries out what is under way, and returns this erasure when it is done, after `waitMs`, or when it stops; undefined if there is none.
   */
  run(id: string, waitMs: number): Promise<Erasure | undefined>;
  /** Stops after the deletion that is running. What is left is carried out after the next start. */
  stop(): Promise<void>;
};

const POLL_MS = SECOND_MS;
const RETRY_MS = 30 * SECOND_MS;

/**
 * Stores a request to erase a person and its audit entry, which contains a MAC of the ID, and returns it. From then on it
 * is carried out, whatever happens to this process. Throws what `recheck` throws.
 */
export async function requestErasure(
  { control, audit, clock, erasureKey }: Omit<ErasureControl, 'tombstones' | 'log'>,
  { projectId, appIds, appUserId }: ErasureRequest,
  { actor, recheck }: Requester,
): Promise<Erasure> {
  const requestedAt = clock.now();
  const counts = { events: 0, appUserIds: 0 };
  const erasure = { id: newId('ers'), projectId, appIds, ...counts, requestedAt, doneAt: null };
  await control.write(recheck, async ({ tx }) => {
    await insertErasure(tx, erasureKey, erasure, { appUserId });
    const target = erasureKey.macOfUser(projectId, appUserId);
    const diff = diffOf({ erasure_id: null, app_ids: null }, { erasure_id: erasure.id, app_ids: appIds });
    await audit.append(tx, { projectId, actor, action: 'user.erased', target, diff });
  });
  return erasure;
}

/** Returns what carries out erasures once it is started. */
export function createEraser(services: ErasureControl): Eraser {
  const { control, log } = services;
  const turns = createTurns();
  const waiting = new Map<string, () => void>();
  let store: ErasureStore | undefined;
  let stopPolling = async () => {};
  let isStopped = false;
  let stamp: number | undefined;
  let retryAt: number | undefined;

  const runAll = () =>
    turns.run(async () => {
      if (store === undefined) return;
      const isComplete = await eraseAll({ ...services, ...store }, () => isStopped, waiting);
      retryAt = isComplete ? undefined : performance.now() + RETRY_MS;
    });

  async function poll(): Promise<void> {
    const now = control.changeStamp();
    if (now === stamp && !(retryAt !== undefined && performance.now() >= retryAt)) return;
    stamp = now;
    await runAll();
  }

  return {
    start(opened) {
      store = opened;
      const onError = (err: unknown) => log.error({ err }, 'requests to erase people cannot be read');
      stopPolling = runPeriodically({ everyMs: POLL_MS, run: poll, onError });
    },
    async run(id, waitMs) {
      if (isStopped) return await findErasure(control, id);
      const done = Promise.withResolvers<void>();
      const timer = setTimeout(done.resolve, waitMs);
      waiting.set(id, done.resolve);
      // What fails here fails again below, or is tried again.
      runAll().catch(done.resolve);
      const stopWatching = store === undefined ? watchOther(control, id, done.resolve) : async () => {};
      await done.promise;
      clearTimeout(timer);
      waiting.delete(id);
      await stopWatching();
      return await findErasure(control, id);
    },
    async stop() {
      isStopped = true;
      // A server that stops waits for its requests.
      for (const wake of waiting.values()) wake();
      await stopPolling();
      await turns.idle();
    },
  };
}

const WATCH_MS = 200;

/** Calls `onDone` when another node, which stores the events, has carried out an erasure. */
function watchOther(control: Pick<Control, 'db'>, id: string, onDone: () => void): () => Promise<void> {
  return runPeriodically({
    everyMs: WATCH_MS,
    async run() {
      const erasure = await findErasure(control, id);
      if (erasure === undefined || erasure.doneAt !== null) onDone();
    },
    onError: onDone,
  });
}

/** Returns whether all of them were carried out. After one that failed, the next ones are carried out all the same. */
async function eraseAll(
  services: ErasureServices,
  isStopped: () => boolean,
  waiting: ReadonlyMap<string, () => void>,
): Promise<boolean> {
  let isComplete = true;
  for (const { erasure, sealed } of await listUnderWay(services.control)) {
    if (isStopped()) return false;
    try {
      await erase(services, erasure, sealed);
    } catch (err) {
      isComplete = false;
      services.log.error({ err, erasureId: erasure.id }, 'erasing a person failed; it is tried again');
    }
    waiting.get(erasure.id)?.();
  }
  return isComplete;
}

/** Finds and stores what to delete unless that was done before, then deletes it. Each step may run again. */
async function erase(services: ErasureServices, erasure: Erasure, sealed: string | null): Promise<void> {
  const { control, clock, erasureKey, log } = services;
  const { id, projectId } = erasure;
  const work = openWork(erasureKey, sealed ?? '');
  const plans = work.plans ?? (await plan(services, erasure, work));
  for (const appPlan of plans) {
    const { appId, ids, to, days } = appPlan;
    const rolled = withNeighbors(days);
    await services.invalidateDays({ id: appId, projectId }, rolled);
    await services.warehouse.deleteEvents({ projectId, to, person: { appId, ids } });
    // Again: they may have been derived while the events were being deleted.
    await services.invalidateDays({ id: appId, projectId }, rolled);
    await services.forgetPerson(projectId, appPlan);
  }
  await control.write(NO_CALLER, ({ tx }) => finishErasure(tx, id, clock.now()));
  log.info({ erasureId: id }, 'a person was erased');
}

async function plan(
  services: ErasureServices,
  erasure: Erasure,
  { appUserId, starts = [] }: Work,
): Promise<AppPlan[]> {
  const { control, erasureKey } = services;
  const save = async (more: Omit<Work, 'appUserId'>, found = { events: 0, appUserIds: 0 }) => {
    const work = { appUserId, ...more };
    await control.write(NO_CALLER, ({ tx }) => updateWork(tx, erasureKey, erasure.id, { work, ...found }));
  };
  const search = { appUserId, starts, save: (found: readonly Start[]) => save({ starts: found }) };
  const planned = await planApps(services, erasure, search);
  const sum = (of: (one: PlannedApp) => number) => planned.reduce((total, one) => total + of(one), 0);
  const plans = planned.map((one) => one.plan);
  await save({ plans }, { events: sum(({ events }) => events), appUserIds: sum((one) => one.appUserIds) });
  return plans;
}
