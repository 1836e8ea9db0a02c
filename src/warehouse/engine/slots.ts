import { setTimeout } from 'node:timers/promises';
import { StorageError } from '../../lib/errors.ts';

/** A caller that wants a slot. */
export type SlotRequest = {
  /** Slots are shared fairly between owners. Background work has none. */
  owner?: string | undefined;
  /** Known to take long: it does not go where short work is expected. */
  isLong?: boolean;
  /** Expected to be short: it goes before its owner's other work. */
  isLight?: boolean;
  /** On abort, the caller is rejected immediately, while a running slot stays taken until its task settles. */
  signal?: AbortSignal;
};

/** What runs on a slot; `place` is the slot's number, from 0. */
export type SlotTask<S, T> = (slot: S, place: number) => Promise<T>;

/** A fixed pool of resources, each used by one caller at a time. */
export type SlotPool<S> = {
  /**
   * Runs `task` on a free slot, waiting for one if necessary. Rejects with the signal's reason on abort, and with
   * StorageError `busy` when too many callers wait or after `close`.
   */
  run<T>(task: SlotTask<S, T>, request?: SlotRequest): Promise<T>;
  /** Whether a request that is not known to take long waits. */
  hasWaiting(): boolean;
  /** Rejects waiting callers, waits up to 2 s for running tasks, then closes each slot. */
  close(): Promise<void>;
};

/** What a choice is made from: who waits, in order of arrival, and who runs, by slot. */
export type Choice = { waiting: readonly SlotRequest[]; running: ReadonlyMap<number, SlotRequest> };

/** Returns the request that gets the free slot `place`; undefined leaves it free. */
export type ChooseRequest = (place: number, choice: Choice) => SlotRequest | undefined;

/** An abandoned statement runs until its time limit or until it is killed. A graceful stop cannot wait that long. */
const CLOSE_WAIT_MS = 2_000;

type Waiter = { enter: (place: number) => void; reject: (error: unknown) => void };

const chooseFirst: ChooseRequest = (_place, { waiting }) => waiting[0];

/** Returns a pool over `slots`. At most `waitingMax` callers wait, half of them of one owner. */
export function createSlotPool<S extends { close(): Promise<void> }>(
  slots: readonly S[],
  waitingMax: number,
  choose: ChooseRequest = chooseFirst,
): SlotPool<S> {
  const free = new Set(slots.keys());
  const waiting = new Map<SlotRequest, Waiter>();
  const running = new Map<number, SlotRequest>();
  const tasks = new Set<Promise<unknown>>();
  let isClosed = false;

  function assign(): void {
    for (const place of [...free].reverse()) {
      if (waiting.size === 0) return;
      const request = choose(place, { waiting: [...waiting.keys()], running });
      if (request === undefined) continue;
      free.delete(place);
      running.set(place, request);
      waiting.get(request)?.enter(place);
      waiting.delete(request);
    }
  }

  async function acquire(request: SlotRequest): Promise<number> {
    const { signal } = request;
    if (isClosed) throw new StorageError('busy', 'The event store is closing');
    signal?.throwIfAborted();
    requireRoom([...waiting.keys()], waitingMax, request);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    waiting.set(request, { enter: resolve, reject });
    assign();
    const onAbort = () => waiting.delete(request) && reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    return await promise.finally(() => signal?.removeEventListener('abort', onAbort));
  }

  async function runOnSlot<T>(request: SlotRequest, task: SlotTask<S, T>): Promise<T> {
    const place = await acquire(request);
    try {
      return await task(slots[place] as S, place);
    } finally {
      running.delete(place);
      free.add(place);
      assign();
    }
  }

  return {
    async run<T>(task: SlotTask<S, T>, request: SlotRequest = {}) {
      // A copy, because requests are compared by identity.
      const work = runOnSlot({ ...request }, task);
      tasks.add(work);
      const onSettled = () => tasks.delete(work);
      work.then(onSettled, onSettled);
      return await (request.signal === undefined ? work : untilAbort(work, request.signal));
    },
    hasWaiting: () => waiting.size > 0 && [...waiting.keys()].some(({ isLong }) => !isLong),
    async close() {
      isClosed = true;
      for (const { reject } of waiting.values())
        reject(new StorageError('busy', 'The event store is closing'));
      waiting.clear();
      await Promise.race([Promise.allSettled(tasks), setTimeout(CLOSE_WAIT_MS, undefined, { ref: false })]);
      await Promise.all(slots.map((slot) => slot.close()));
    },
  };
}

function requireRoom(waiting: readonly SlotRequest[], waitingMax: number, { owner }: SlotRequest): void {
  const ofOwner = owner === undefined ? 0 : waiting.filter((request) => request.owner === owner).length;
  if (waiting.length < waitingMax && ofOwner < waitingMax / 2) return;
  throw new StorageError('busy', 'Too many queries wait for the event store');
}

/** Returns what `work` resolves to; rejects with the reason of `signal` when that aborts first. */
export async function untilAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
