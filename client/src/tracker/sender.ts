import { AppflowError } from '../api/errors.ts';
import type { BatchAnswer } from '../api/wire.ts';
import { attempt, notOurs, type Outcome, readJson, type Target } from '../http/transport.ts';
import type { Gate } from '../retry/rate-limit-gate.ts';
import type { Journal } from './journal.ts';
import type { Report } from './listeners.ts';
import type { Queue, TrackedEvent } from './queue.ts';

/** What a sender works with. Nothing leaves before the journal has stored it. */
export type SenderParts = {
  queue: Queue;
  appId: string | undefined;
  /** Where to, and through which gate; looked at for each batch, since the key can change. */
  connect: () => { target: Target; gate: Gate };
  journal: Journal;
  report: Report;
};

/** Empties the queue into the server. */
export type Sender = {
  /** Sends what is in the queue now; resolves when it is done, or when sending has stopped. Never rejects. */
  drain: () => Promise<void>;
  /** Sends what one last request can hold while the page goes away. */
  sendLast: () => void;
  isDraining: () => boolean;
  /** Whether the server refused the key or the request, or it was stopped: nothing is sent until `restart`. */
  isHalted: () => boolean;
  restart: () => void;
  /** Breaks off what is on its way or waits. */
  stop: () => void;
};

const BATCH_SIZE = 100;
/** Browsers let 64 KB outlive a page. */
const LAST_BYTES_MAX = 60_000;

/** How it goes. */
type State = { abort: AbortController; isHalted: boolean; batchSize: number };

/** Returns a sender. */
export function createSender(parts: SenderParts): Sender {
  const { queue, connect, appId } = parts;
  const state: State = { abort: new AbortController(), isHalted: false, batchSize: BATCH_SIZE };
  let draining: Promise<void> | undefined;
  let leaving: TrackedEvent[] = [];

  async function drain(): Promise<void> {
    let left = queue.size();
    state.batchSize = BATCH_SIZE;
    while (left > 0 && queue.size() > 0 && !state.isHalted) {
      left -= await sendBatch(parts, state, Math.min(left, state.batchSize));
    }
  }

  return {
    drain() {
      draining ??= drain().finally(() => {
        draining = undefined;
      });
      return draining;
    },
    sendLast() {
      const { target, gate } = connect();
      if (state.isHalted || !gate.isOpen()) return;
      // A page that closes is hidden first: what left then must not leave again.
      const batch = takeLast(queue.list().filter((event) => !leaving.includes(event)));
      if (batch.length === 0) return;
      leaving.push(...batch);
      void attemptBatch(target, batch, appId, { keepalive: true }).then((outcome) => {
        leaving = [];
        if (outcome.ok) settle(parts, batch, outcome.value);
      });
    },
    isDraining: () => draining !== undefined,
    isHalted: () => state.isHalted,
    restart() {
      state.abort.abort();
      state.abort = new AbortController();
      state.isHalted = false;
    },
    stop() {
      state.isHalted = true;
      state.abort.abort();
    },
  };
}

/** Returns how many events are done with. */
async function sendBatch(parts: SenderParts, state: State, count: number): Promise<number> {
  const { queue, connect, journal, report, appId } = parts;
  const { signal } = state.abort;
  const batch = queue.hold(count);
  try {
    await journal.saved();
    const { target, gate } = connect();
    const attempt = () => attemptBatch(target, batch, appId, { signal });
    const answer = await gate.run(attempt, { signal, onRetry: report.failed });
    settle(parts, batch, answer);
    return batch.length;
  } catch (error) {
    return signal.aborted ? 0 : onFailure(parts, state, batch, error);
  } finally {
    queue.hold(0);
  }
}

function onFailure(
  { queue, journal, report }: SenderParts,
  state: State,
  batch: readonly TrackedEvent[],
  error: unknown,
): number {
  if (!(error instanceof AppflowError) || error.status !== 413) {
    state.isHalted = true;
    report.failed(error);
    return 0;
  }
  // A server that takes less at once: no wait helps, half a batch does, for the rest of this drain.
  state.batchSize = Math.ceil(batch.length / 2);
  if (batch.length > 1) return 0;
  queue.remove(batch);
  journal.touch();
  report.failed(error);
  report.dropped(1, error.code);
  return 1;
}

function settle(
  { queue, journal, report }: SenderParts,
  batch: readonly TrackedEvent[],
  answer: BatchAnswer,
): void {
  const { rejected } = answer;
  const removed = queue.remove(batch);
  // What another request brought meanwhile (a page that went away and came back) was counted by that one.
  if (removed === 0) return;
  journal.touch();
  report.sent(Math.max(0, removed - rejected.length));
  for (const { code } of rejected) report.dropped(1, code);
}

/** Stamped anew each time: the server corrects the device's clock by it. */
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
  // A hotel's sign-in page answers 200 to everything: the events must wait, not be forgotten.
  const isStranger = !outcome.ok && outcome.error.code === 'unexpected_answer' && outcome.error.status < 400;
  return isStranger ? { ...outcome, retry: 'trouble' } : outcome;
}

async function readAnswer(response: Response): Promise<BatchAnswer> {
  const answer = (await readJson(response)) as Partial<BatchAnswer> | null | undefined;
  if (Array.isArray(answer?.rejected)) return answer as BatchAnswer;
  throw notOurs(response);
}

/** Returns the oldest events that one last request can hold; one that is too large does not stand in the others' way. */
function takeLast(events: readonly TrackedEvent[]): TrackedEvent[] {
  let left = LAST_BYTES_MAX;
  return events.slice(0, BATCH_SIZE).filter((event) => {
    const bytes = new Blob([JSON.stringify(event)]).size;
    if (bytes > left) return false;
    left -= bytes;
    return true;
  });
}
