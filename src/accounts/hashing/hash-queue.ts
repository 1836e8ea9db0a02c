import { ApiError } from '../../api/errors.ts';

/** Runs hashes one at a time. */
export type HashQueue = {
  /** Runs `hash` when it is its turn; those of known callers go first. Throws 503 if too many wait, or for too long. */
  run: <T>(isKnown: boolean, hash: () => Promise<T>) => Promise<T>;
  /** How many were refused since startup. */
  countRefused: () => Readonly<Record<HashCaller, number>>;
};

/** Those with a session, a known device or a link that works, and all others. */
export type HashCaller = 'known' | 'other';

/** How many hashes of known callers, and how many others, wait for their turn, and how long each of them. */
export type HashQueueLimits = { waitingMax: number; waitMsMax: number; knownWaitMsMax: number };

/** Waiting longer would only look like a hanging page. At 50 ms each, as many take their turn within that time. */
export const HASH_QUEUE_LIMITS: HashQueueLimits = {
  waitingMax: 50,
  waitMsMax: 2_500,
  // They wait for each other only, so a long wait means a slow machine, on which they should get through too.
  knownWaitMsMax: 10_000,
};

const RETRY_AFTER_SECONDS = 3;

type Waiting = { start: () => void };

/** Returns the queue of one process. `onRefused` is called for each hash that is refused. */
export function createHashQueue(
  limits: HashQueueLimits = HASH_QUEUE_LIMITS,
  onRefused?: (refused: { caller: HashCaller }) => void,
): HashQueue {
  const { waitingMax, waitMsMax, knownWaitMsMax } = limits;
  const [known, others]: [Set<Waiting>, Set<Waiting>] = [new Set(), new Set()];
  const refused = { known: 0, other: 0 };
  let isBusy = false;

  function startNext(): void {
    const [next] = known.size > 0 ? known : others;
    isBusy = next !== undefined;
    next?.start();
  }

  function refuse(queue: Set<Waiting>): ApiError {
    const caller = queue === known ? 'known' : 'other';
    refused[caller] += 1;
    onRefused?.({ caller });
    return tooManyHashes();
  }

  function waitForTurn(queue: Set<Waiting>): Promise<void> {
    if (queue.size >= waitingMax) throw refuse(queue);
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        queue.delete(waiting);
      };
      const waiting = {
        start: () => {
          leave();
          resolve();
        },
      };
      const timer = setTimeout(
        () => {
          leave();
          reject(refuse(queue));
        },
        queue === known ? knownWaitMsMax : waitMsMax,
      );
      queue.add(waiting);
    });
  }

  return {
    async run(isKnown, hash) {
      if (isBusy) await waitForTurn(isKnown ? known : others);
      isBusy = true;
      try {
        return await hash();
      } finally {
        startNext();
      }
    },
    countRefused: () => refused,
  };
}

const tooManyHashes = () =>
  new ApiError('overloaded', {
    detail: 'Too many sign-ins are in progress. Nothing was checked; try again in a moment.',
    headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
  });
