import type { MaybePromise } from './maybe-promise.ts';

/** How many queries of one key may run concurrently, and how many more may wait for a slot. */
export type InFlightLimit = { readonly running: number; readonly waiting: number };

/** A slot for a running query. `release` returns it; calling it again does nothing. */
export type Slot = { readonly allowed: true; readonly release: () => void };

/** No slot: all were taken and the queue was full, or the wait timed out. Milliseconds, at least 1. */
export type NoSlot = { readonly allowed: false; readonly retryAfterMs: number };

/** The caller requesting a slot. `signal` returns what fires when it disconnects; asked only when the caller has to wait. */
export type SlotRequester = { signal: () => AbortSignal };

/** The running and waiting queries of each key in this process. */
export type InFlight = {
  /**
   * Takes a slot of the key, immediately or within `IN_FLIGHT_WAIT_MS`, in order of arrival. Rejects with the
   * signal's reason when the caller disconnects, which also removes it from the queue immediately.
   */
  acquire(keyId: string, limit: InFlightLimit, requester: SlotRequester): MaybePromise<Slot | NoSlot>;
  /** Running and waiting queries, over all keys. */
  count(): { running: number; waiting: number };
};

/** Replaces time in tests: a monotonic clock in milliseconds, and a timer that can be canceled. */
export type InFlightTime = { nowMs: () => number; schedule: (task: () => void, ms: number) => () => void };

/** How long a query waits for a slot. */
const IN_FLIGHT_WAIT_MS = 2_000;

/**
 * A caller that timed out would find a place in the queue again immediately. This keeps it from retrying in a tight
 * loop.
 */
const RETRY_MS = 1_000;

type Waiter = { enteredAt: number; finish: (answer: Slot | NoSlot) => void };

/** One key's queries. `limit` is that of the latest request, so a change applies from the next one. */
type KeyLane = { limit: InFlightLimit; running: number; waiting: Set<Waiter>; onIdle: () => void };

const SYSTEM_TIME: InFlightTime = {
  nowMs: () => performance.now(),
  schedule(task, ms) {
    const timer = setTimeout(task, ms);
    // An open connection keeps the process alive; a waiting query should not.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Returns the in-flight queries of one process, initially none. A key takes memory only while it has some. */
export function createInFlight(time: InFlightTime = SYSTEM_TIME): InFlight {
  const lanes = new Map<string, KeyLane>();

  function openLane(keyId: string, limit: InFlightLimit): KeyLane {
    const lane: KeyLane = { limit, running: 0, waiting: new Set(), onIdle: () => lanes.delete(keyId) };
    lanes.set(keyId, lane);
    return lane;
  }

  return {
    acquire(keyId, limit, requester) {
      const lane = lanes.get(keyId) ?? openLane(keyId, limit);
      lane.limit = limit;
      admitWaiting(lane);
      if (lane.running < limit.running) return take(lane);
      if (lane.waiting.size < limit.waiting) return wait(lane, requester.signal(), time);
      return { allowed: false, retryAfterMs: countMsUntilRoom(lane, time.nowMs()) };
    },
    count() {
      const total = { running: 0, waiting: 0 };
      for (const { running, waiting } of lanes.values()) {
        total.running += running;
        total.waiting += waiting.size;
      }
      return total;
    },
  };
}

function take(lane: KeyLane): Slot {
  lane.running += 1;
  let isHeld = true;
  const release = () => {
    if (!isHeld) return;
    isHeld = false;
    lane.running -= 1;
    admitWaiting(lane);
    if (lane.running === 0) lane.onIdle();
  };
  return { allowed: true, release };
}

function admitWaiting(lane: KeyLane): void {
  for (const waiter of lane.waiting) {
    if (lane.running >= lane.limit.running) return;
    waiter.finish(take(lane));
  }
}

function wait(lane: KeyLane, signal: AbortSignal, { nowMs, schedule }: InFlightTime): Promise<Slot | NoSlot> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<Slot | NoSlot>();
  const leave = () => {
    lane.waiting.delete(waiter);
    cancelTimer();
    signal.removeEventListener('abort', onAbort);
  };
  const onAbort = () => {
    leave();
    reject(signal.reason);
  };
  const finish = (answer: Slot | NoSlot) => {
    leave();
    resolve(answer);
  };
  const cancelTimer = schedule(() => finish({ allowed: false, retryAfterMs: RETRY_MS }), IN_FLIGHT_WAIT_MS);
  const waiter: Waiter = { enteredAt: nowMs(), finish };
  lane.waiting.add(waiter);
  signal.addEventListener('abort', onAbort);
  return promise;
}

/**
 * By then the longest-waiting query has left the queue, so one caller that waits exactly this long finds room in it.
 */
function countMsUntilRoom({ waiting }: KeyLane, now: number): number {
  const [first] = waiting;
  return first === undefined ? RETRY_MS : Math.max(1, Math.ceil(first.enteredAt + IN_FLIGHT_WAIT_MS - now));
}
