import type { Item } from './event-line.ts';
import type { Delivery } from './totals.ts';
import { decideWait, parseRetryAfter } from './wait.ts';

/** Where events go, and with which key. */
export type Target = { url: string; key: string; appId: string | undefined };

/** The world outside, so that a test can be it. `sleep` rejects when `signal` aborts. */
export type Outside = {
  fetch: typeof fetch;
  /** Wall time in epoch milliseconds: Retry-After may be a date. */
  now: () => number;
  sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  random: () => number;
  /** Tells the person who waits why they wait. */
  notify: (sentence: string) => void;
  /** Aborts when the person stops the import. */
  signal: AbortSignal;
};

type Answer = {
  accepted: number;
  duplicates: number;
  rejected: { index: number; code: string; message: string }[];
};

type Outcome =
  | { kind: 'answer'; answer: Answer }
  | { kind: 'too_large' }
  | { kind: 'refused'; reason: string }
  /** The server asks for a wait: 429. */
  | { kind: 'limited'; retryAfterMs: number | undefined }
  /** Whether the events were stored is unknown: no answer, or 5xx. */
  | { kind: 'unknown'; reason: string; retryAfterMs: number | undefined };

const ATTEMPT_MS_MAX = 60_000;
const TROUBLE_MS_MAX = 5 * 60_000;
const WAIT_MS_MAX = 60 * 60_000;
/** A long import meets its limit every few seconds: shorter waits for it are no news. */
const SILENT_MS_MAX = 5_000;

/**
 * Sends events until each is stored, a duplicate or rejected. Sending the same ones again is harmless, as each carries
 * an id: an unknown outcome is tried again for five minutes, a limit waits as long as the server asks, a batch that is
 * too large is halved. Throws with the server's own words when trying again would not help.
 */
export async function sendEvents(
  target: Target,
  items: readonly Item[],
  outside: Outside,
): Promise<Delivery> {
  if (items.length === 0) return { accepted: 0, duplicates: 0, rejected: [] };
  const answer = await sendBatch(target, items, outside);
  if (answer !== 'too_large') return toDelivery(answer, items);
  const [first] = items;
  if (items.length === 1 && first) {
    const message = 'The server refuses the event as too large.';
    return {
      accepted: 0,
      duplicates: 0,
      rejected: [{ line: first.line, code: 'payload_too_large', message }],
    };
  }
  const middle = Math.ceil(items.length / 2);
  const front = await sendEvents(target, items.slice(0, middle), outside);
  const back = await sendEvents(target, items.slice(middle), outside);
  return {
    accepted: front.accepted + back.accepted,
    duplicates: front.duplicates + back.duplicates,
    rejected: [...front.rejected, ...back.rejected],
  };
}

function toDelivery({ accepted, duplicates, rejected }: Answer, items: readonly Item[]): Delivery {
  const lines = rejected.map(({ index, code, message }) => ({
    line: items[index]?.line ?? 0,
    code,
    message,
  }));
  return { accepted, duplicates, rejected: lines };
}

async function sendBatch(
  target: Target,
  items: readonly Item[],
  outside: Outside,
): Promise<Answer | 'too_large'> {
  const app = target.appId === undefined ? '' : `"app_id":${JSON.stringify(target.appId)},`;
  const body = `{${app}"events":[${items.map(({ json }) => json).join(',')}]}`;
  const wait = createPatience(outside);
  for (;;) {
    const outcome = await attempt(target, body, outside);
    if (outcome.kind === 'answer') return outcome.answer;
    if (outcome.kind === 'too_large') return 'too_large';
    if (outcome.kind === 'refused') throw new Error(outcome.reason);
    await wait(outcome);
  }
}

/** Waits longer each time; throws once there is no hope left. */
function createPatience(outside: Outside): (outcome: Wait) => Promise<void> {
  let previousBaseMs = 0;
  let troubleSince: number | undefined;
  return async (outcome) => {
    const { retryAfterMs } = outcome;
    const { baseMs, waitMs } = decideWait({ previousBaseMs, retryAfterMs, random: outside.random() });
    previousBaseMs = baseMs;
    const now = outside.now();
    // A server that limits is alive: the five minutes begin again.
    troubleSince = outcome.kind === 'limited' ? undefined : (troubleSince ?? now);
    requireHope(outcome, waitMs, troubleSince === undefined ? 0 : now + waitMs - troubleSince);
    if (outcome.kind === 'unknown' || waitMs >= SILENT_MS_MAX) {
      outside.notify(`${whyWait(outcome)}; trying again in ${(waitMs / 1_000).toFixed(1)} s.`);
    }
    await outside.sleep(waitMs, outside.signal);
  };
}

type Wait = Extract<Outcome, { kind: 'limited' | 'unknown' }>;

const whyWait = (outcome: Wait) =>
  outcome.kind === 'limited' ? "The key's rate limit is reached" : outcome.reason;

function requireHope(outcome: Wait, waitMs: number, troubleMs: number): void {
  if (waitMs > WAIT_MS_MAX) {
    throw new Error(
      `The server asks to wait ${Math.ceil(waitMs / 60_000)} minutes. Run the import again then.`,
    );
  }
  if (outcome.kind === 'unknown' && troubleMs > TROUBLE_MS_MAX) {
    throw new Error(`${outcome.reason}, for five minutes now. Run the import again when the server answers.`);
  }
}

async function attempt({ url, key }: Target, body: string, outside: Outside): Promise<Outcome> {
  try {
    const response = await outside.fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
      // A redirect would turn the POST into a GET, or carry the key to another server.
      redirect: 'manual',
      signal: AbortSignal.any([outside.signal, AbortSignal.timeout(ATTEMPT_MS_MAX)]),
    });
    return judge(response, await response.text(), outside.now());
  } catch (error) {
    if (outside.signal.aborted) throw error;
    return {
      kind: 'unknown',
      reason: `The server does not answer (${reasonOf(error)})`,
      retryAfterMs: undefined,
    };
  }
}

/** `fetch` says only "fetch failed"; what happened is the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

function judge(response: Response, text: string, now: number): Outcome {
  const { status } = response;
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), now);
  if (status === 413) return { kind: 'too_large' };
  if (status === 429) return { kind: 'limited', retryAfterMs };
  const body = parseObject(text);
  if (status === 200 && isAnswer(body)) return { kind: 'answer', answer: body };
  if (status === 200)
    return { kind: 'refused', reason: 'The answer is not that of an Appflow server: check --url.' };
  const detail = typeof body.detail === 'string' ? `: ${body.detail}` : '';
  const reason = `The server answered ${status}${detail}`;
  if (status >= 500) return { kind: 'unknown', reason: reason.replace(/\.$/, ''), retryAfterMs };
  return { kind: 'refused', reason: detail === '' ? `${reason}: check --url.` : reason };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isAnswer(body: Record<string, unknown>): body is Answer {
  return (
    typeof body.accepted === 'number' && typeof body.duplicates === 'number' && Array.isArray(body.rejected)
  );
}
