import { AppflowError } from '../api/errors.ts';
import type { BatchAnswer } from '../api/events.ts';
import { attempt, type Outcome, readJson, type Target, unexpectedAnswer } from '../http/transport.ts';
import type { RateLimitGate } from '../retry/gate.ts';
import type { Journal } from './journal.ts';
import type { Listeners } from './listeners.ts';
import type { Queue, TrackedEvent } from './queue.ts';

/** What a sender needs. Nothing is sent before the journal has stored it. */
export type SenderParts = {
  queue: Queue;
  appId: string | undefined;
  /** Returns where to send and through which gate; called for each batch, since the key can change. */
  connect: () => { target: Target; gate: RateLimitGate };
  journal: Journal;
  listeners: Listeners;
};

/** Sends the queue to the server. */
export type Sender = {
  /** Sends what is queued now; resolves when it is done, or when sending has stopped. Never rejects. */
  drain: () => Promise<void>;
  /** Sends what fits into one last request while the page is closing. */
  sendOnUnload: () => void;
  isDraining: () => boolean;
  /** Whether the server rejected the key or the request, or `stop` was called: nothing is sent until `restart`. */
  isHalted: () => boolean;
  restart: () => void;
  /** Aborts requests in flight and waits. */
  stop: () => void;
};

const BATCH_SIZE = 100;
/** Browsers allow 64 KB of requests that outlive a page. */
const UNLOAD_BYTES_MAX = 60_000;

type State = { abort: AbortController; isHalted: boolean; batchSize: number };

/** Returns a sender. */
export function createSender(parts: SenderParts): Sender {
  const { queue, connect, appId } = parts;
  const state: State = { abort: new AbortController(), isHalted: false, batchSize: BATCH_SIZE };
  let draining: Promise<void> | undefined;
  let unloading: TrackedEvent[] = [];

  async function drain(): Promise<void> {
    let left = queue.size();
    // Halved batches grow again: the network may be better now.
    state.batchSize = Math.min(BATCH_SIZE, 2 * state.batchSize);
    while (left > 0 && queue.size() > 0 && !state.isHalted) {
      left -= await sendBatch(parts, state, Math.min(left, state.batchSize));
    }
  }

  function stop(): void {
    state.isHalted = true;
    state.abort.abort();
  }

  return {
    drain() {
      draining ??= drain().finally(() => {
        draining = undefined;
      });
      return draining;
    },
    sendOnUnload() {
      const { target, gate } = connect();
      if (state.isHalted || !gate.isOpen()) return;
      // A page is hidden before it closes: what was sent then must not be sent again.
      const batch = takeUnloadBatch(queue.list().filter((event) => !unloading.includes(event)));
      if (batch.length === 0) return;
      unloading.push(...batch);
      void attemptBatch(target, batch, appId, { keepalive: true }).then((outcome) => {
        unloading = [];
        if (outcome.ok) finishBatch(parts, batch, outcome.value);
      });
    },
    isDraining: () => draining !== undefined,
    isHalted: () => state.isHalted,
    restart() {
      stop();
      state.abort = new AbortController();
      state.isHalted = false;
    },
    stop,
  };
}

/** Returns how many events left the queue. */
async function sendBatch(parts: SenderParts, state: State, count: number): Promise<number> {
  const { queue, connect, journal, listeners, appId } = parts;
  const { signal } = state.abort;
  const batch = queue.hold(count);
  try {
    await journal.flush();
    const { target, gate } = connect();
    const attempt = () => attemptBatch(target, batch, appId, { signal });
    const answer = await gate.run(attempt, { signal, onRetry: listeners.failed });
    finishBatch(parts, batch, answer);
    return batch.length;
  } catch (error) {
    return signal.aborted ? 0 : onFailure(parts, state, batch, error);
  } finally {
    queue.hold(0);
  }
}

function onFailure(
  { queue, journal, listeners }: SenderParts,
  state: State,
  batch: readonly TrackedEvent[],
  error: unknown,
): number {
  const { status } = error as Partial<AppflowError>;
  if (!(error instanceof AppflowError) || (status !== 413 && status !== 408)) {
    state.isHalted = true;
    listeners.failed(error);
    return 0;
  }
  // The batch is too large, or the network too slow for it: the same batch would fail again.
  state.batchSize = Math.ceil(batch.length / 2);
  if (batch.length > 1) return 0;
  queue.remove(batch);
  journal.save();
  listeners.failed(error);
  listeners.dropped(error.code, batch);
  return 1;
}

function finishBatch(
  { queue, journal, listeners }: SenderParts,
  batch: readonly TrackedEvent[],
  answer: BatchAnswer,
): void {
  const { rejected } = answer;
  const removed = queue.remove(batch);
  // Events that another request delivered in the meantime (the page was hidden and shown again) were counted there.
  if (removed === 0) return;
  journal.save();
  listeners.sent(Math.max(0, removed - rejected.length));
  for (const { code, index } of rejected) listeners.dropped(code, batch.slice(index, index + 1));
}

/** Sets a new `sent_at` for each attempt: the server uses it to correct the device's clock. */
async function attemptBatch(
  target: Target,
  batch: readonly TrackedEvent[],
  appId: string | undefined,
  options: { signal?: AbortSignal; keepalive?: boolean },
): Promise<Outcome<BatchAnswer>> {
  const sent_at = new Date(target.clock.now()).toISOString();
  const body = JSON.stringify({ app_id: appId, sent_at, events: batch });
  const call = { method: 'POST', path: '/v1/events', body, ...options };
  const outcome = await attempt(target, call, readAnswer);
  if (outcome.ok) return outcome;
  const { code, status } = outcome.error;
  // The request took too long. The sender halves the batch; a single event is retried.
  if (status === 408 && batch.length > 1) return { ...outcome, retry: 'never' };
  // A hotel's sign-in page answers 200 to everything: the events must wait, not get lost.
  const isCaptivePortal = code === 'unexpected_answer' && status < 400;
  return isCaptivePortal ? { ...outcome, retry: 'outage' } : outcome;
}

async function readAnswer(response: Response): Promise<BatchAnswer> {
  const answer = (await readJson(response)) as Partial<BatchAnswer> | null | undefined;
  if (Array.isArray(answer?.rejected)) return answer as BatchAnswer;
  throw unexpectedAnswer(response);
}

/** Returns the oldest events that fit into one last request; one that is too large is skipped. */
function takeUnloadBatch(events: readonly TrackedEvent[]): TrackedEvent[] {
  let left = UNLOAD_BYTES_MAX;
  return events.slice(0, BATCH_SIZE).filter((event) => {
    const bytes = new Blob([JSON.stringify(event)]).size;
    if (bytes > left) return false;
    left -= bytes;
    return true;
  });
}
