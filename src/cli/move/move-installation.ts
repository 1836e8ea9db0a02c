import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ReadOnlyControl } from '../../control/control.ts';
import { type ControlState, findControlState, finishControl } from '../../control/move-control.ts';
import { findControlPlace, openControl } from '../../control/open.ts';
import { derivePepper } from '../../directory/secret.ts';
import { systemClock } from '../../lib/clock.ts';
import { EVENT_SERVER } from '../../server/event-place.ts';
import { type Moved, markMoved, readMoved, unmarkMoved } from '../../server/moved.ts';
import { findSecretMatch } from '../../server/secret-store.ts';
import { findStoreId } from '../../server/store-pair.ts';
import {
  findServerState,
  finishTarget,
  type MoveTarget,
  openTarget,
  type TargetState,
} from '../../warehouse/move/move-target.ts';
import { isControlInUse } from '../control/control-in-use.ts';
import { readControl } from '../control/read-control.ts';
import { isServerSeen } from '../control/server-seen.ts';
import { notify, STANDARD_ERROR } from '../terminal/print.ts';
import type { MoveContext } from './context.ts';
import type { MovePlan } from './plan.ts';
import { openMoveProgress } from './progress.ts';
import { areSame, type ComparedTable, renderCompared } from './report.ts';
import { compareControl, syncControl } from './sync-control.ts';
import { compareEvents, requireAlone, syncEvents } from './sync-events.ts';

type MoveOptions = { isVerbose: boolean; signal: AbortSignal };

/** What the command prints, and whether both sides are the same. */
export type MoveResult = { text: string; isSame: boolean };

const POLL_MS = 500;
const NAMES = { control: "DATABASE_URL's database", events: 'The ClickHouse server (CLICKHOUSE_URL)' };

/** Compares both sides and changes neither. Rejects with an Error that says what to do. */
export async function checkMove(plan: MovePlan, options: MoveOptions): Promise<MoveResult> {
  const hasLog = !(await isInUse(plan));
  const compared = await stoppable(options, () =>
    readControl(async (control) => {
      const context = await openContext(plan, control, options);
      const states = await readStates(context);
      if (states.some(({ state }) => state === 'empty'))
        throw new Error('Nothing has been moved yet. Run the command without --check.');
      requireNotForeign(states);
      const tables = plan.movesControl ? await compareControl(control, context) : [];
      if (plan.movesEvents) tables.push(...(await compareEvents(context, { hasLog })));
      return tables;
    }),
  );
  const isSame = areSame(compared);
  const verdict = isSame ? 'Both sides are the same.' : 'Both sides differ.';
  return { text: `${renderCompared(compared, options.isVerbose)}\n\n${verdict}`, isSame };
}

/**
 * Moves an installation: copies what differs while the server runs, waits until it is stopped, copies the rest, and gives the target to the
 * installation if both sides are the same. Rejects with an Error that says what to do.
 */
export async function moveInstallation(plan: MovePlan, options: MoveOptions): Promise<MoveResult> {
  await requireAlone(plan);
  const context = await readControl((control) => openContext(plan, control, options));
  const moved = readMoved(plan.source.dataDir);
  if (moved !== undefined) return await finishAgain(context, moved);
  requireUsable(await readStates(context));
  return await stoppable(options, async () => {
    await using target = await openEventTarget(context);
    if (await isInUse(plan)) {
      await runRound(context, target, { hasLog: false });
      notify(STOP_SERVER);
      while (await isInUse(plan)) await setTimeout(POLL_MS, undefined, { signal: options.signal });
    }
    const { compared, revision } = await runRound(context, target, { hasLog: true });
    const table = renderCompared(compared, options.isVerbose);
    if (!areSame(compared)) return { text: `${table}\n\n${DIFFERENT}`, isSame: false };
    await markSource(plan, revision);
    await finish(context);
    return { text: `${table}\n\n${describeEnd(plan)}`, isSame: true };
  });
}

const STOP_SERVER =
  'What was stored so far is copied. Stop the server now: then what is new is copied, and the move is completed.';
const DIFFERENT = 'Both sides differ, so the target is not in use. Run the same command again.';

/** The progress is on the target: nothing is lost by stopping. */
async function stoppable<T>({ signal }: MoveOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Error('The move is incomplete. Run the same command again to continue.', { cause: error });
  }
}

async function openContext(
  plan: MovePlan,
  control: ReadOnlyControl,
  { signal }: MoveOptions,
): Promise<MoveContext> {
  const storeId = await findStoreId(control);
  if (storeId === undefined)
    throw new Error(
      'No server has run on this data folder yet. Start it once and stop it, then run the command again.',
    );
  await requireSecret(plan, control);
  return { plan, storeId, signal, progress: openMoveProgress(STANDARD_ERROR) };
}

async function requireSecret({ target, file }: MovePlan, control: ReadOnlyControl): Promise<void> {
  if (target.secret === undefined) return;
  const retired = target.retiredSecrets.map(derivePepper);
  const { secret } = await findSecretMatch(control, derivePepper(target.secret), retired);
  if (secret !== 'wrong') return;
  throw new Error(
    `The secret in ${file} is not the one of this installation, so no API key would work. Set APPFLOW_SECRET there to the same secret, or set APPFLOW_SECRET_RETIRED to it to replace it.`,
  );
}

type NamedState = { name: string; state: ControlState | TargetState };

async function readStates({ plan, storeId }: MoveContext): Promise<NamedState[]> {
  const states: NamedState[] = [];
  if (plan.movesControl) {
    const place = findControlPlace(plan.target);
    states.push({ name: NAMES.control, state: await findControlState(place, storeId) });
  }
  if (plan.movesEvents) {
    const url = plan.target.clickhouseUrl ?? '';
    states.push({ name: NAMES.events, state: await findServerState(url, storeId) });
  }
  return states;
}

function requireNotForeign(states: readonly NamedState[]): void {
  for (const { name, state } of states) {
    if (state !== 'foreign') continue;
    throw new Error(
      `${name} is not empty, and what it contains is not from this installation. Use an empty one.`,
    );
  }
}

function requireUsable(states: readonly NamedState[]): void {
  requireNotForeign(states);
  for (const { name, state } of states) {
    if (state !== 'own') continue;
    throw new Error(`${name} is in use by this installation already. To move to it again, empty it first.`);
  }
}

type EventTarget = AsyncDisposable & { open?: MoveTarget };

/** Once for both rounds: whatever an earlier attempt sent must have ended first. */
async function openEventTarget({ plan, storeId }: MoveContext): Promise<EventTarget> {
  if (!plan.movesEvents) return { async [Symbol.asyncDispose]() {} };
  const url = plan.target.clickhouseUrl ?? '';
  const open = await openTarget(url, storeId, await findServerState(url, storeId));
  return { open, [Symbol.asyncDispose]: open.close };
}

async function runRound(
  context: MoveContext,
  target: EventTarget,
  options: { hasLog: boolean },
): Promise<{ compared: ComparedTable[]; revision: number }> {
  return await readControl(async (control) => {
    const revision = await control.readRevision();
    const compared = context.plan.movesControl ? await syncControl(control, context) : [];
    if (target.open) compared.push(...(await syncEvents(context, target.open, options)));
    return { compared, revision };
  });
}

/** Whether a server, or a command that writes, uses the data folder, also one that runs in another container. */
async function isInUse({ source }: MovePlan): Promise<boolean> {
  return (await isServerSeen(source)) || (await isControlInUse(findControlPlace(source).file));
}

/**
 * Marks the data folder, so that no server starts on it. Throws if one was started since `revision` was read: its start either changes
 * the revision before, or finds the mark.
 */
async function markSource(plan: MovePlan, revision: number): Promise<void> {
  const { source, movesControl, movesEvents } = plan;
  markMoved(source.dataDir, {
    control: movesControl,
    events: movesEvents,
    at: new Date().toISOString(),
  });
  const isUnchanged = !(await isInUse(plan)) && (await readControl((one) => one.readRevision())) === revision;
  if (isUnchanged) return;
  unmarkMoved(source.dataDir);
  throw new Error(
    'The data folder was used while the rest was copied. Stop the server, and run the same command again.',
  );
}

/** The target that is given last is what a server checks first. */
async function finish({ plan, storeId }: MoveContext): Promise<void> {
  if (plan.movesEvents) await finishTarget(plan.target.clickhouseUrl ?? '', storeId);
  if (!plan.movesControl) return;
  const target = await openControl(findControlPlace(plan.target), systemClock());
  const settings = plan.movesEvents ? { [EVENT_SERVER.name]: EVENT_SERVER.value } : {};
  await finishControl(target, settings).finally(target.close);
}

/** The data folder is marked, so everything was copied and compared. */
async function finishAgain(context: MoveContext, moved: Moved): Promise<MoveResult> {
  const { plan } = context;
  if (moved.control !== plan.movesControl || moved.events !== plan.movesEvents)
    throw new Error(
      `This installation was moved before, with other variables than those in ${plan.file}. What is left in the data folder cannot be moved later.`,
    );
  const states = await readStates(context);
  requireNotForeign(states);
  if (states.some(({ state }) => state === 'empty'))
    throw new Error(`This installation was moved to other servers than ${plan.file} names.`);
  await finish(context);
  return { text: describeEnd(context.plan), isSame: true };
}

function describeEnd({ source, file, movesControl, movesEvents }: MovePlan): string {
  const mark = join(source.dataDir, 'moved.json');
  const where =
    movesControl && movesEvents
      ? `on this data folder, or on another machine with APPFLOW_SECRET set to the secret of this installation (${join(source.dataDir, 'secrets/appflow-secret')} unless it was set)`
      : `on this data folder, where ${movesControl ? 'the events' : 'projects, keys and people'} stay`;
  return `The move is complete. Start the server with the variables in ${file}: ${where}.
What was moved is still in the data folder, and no longer used. To undo the move before that start, delete ${mark}.`;
}
