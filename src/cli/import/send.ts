import type { Progress, SendAllAnswer, Sendable } from '../../../client/src/admin/send-all.ts';
import { AppflowAdmin } from '../../../client/src/admin.ts';
import { AppflowError } from '../../../client/src/api/errors.ts';
import type { Fetch } from '../../../client/src/http/transport.ts';
import type { OnWait } from '../../../client/src/retry/deadline.ts';
import { type Clock, SYSTEM_CLOCK } from '../../../client/src/runtime/clock.ts';

/** Where events go, and with which key. */
export type Target = { url: string; key: string; appId: string | undefined };

/** How they go: events a request, and who is told after each one, in order. */
export type SendOptions = { batchSize?: number; onProgress: (progress: Progress) => void };

/** The person who waits, and the world, which a test can be. */
export type Outside = {
  /** Tells the person who waits why they wait. */
  notify: (sentence: string) => void;
  /** Aborts when the person stops it. */
  signal: AbortSignal;
  clock?: Clock;
  fetch?: Fetch;
  random?: () => number;
};

const TROUBLE_MS_MAX = 5 * 60_000;
/** A long import meets its limit every few seconds: shorter waits for it are no news. */
const SILENT_MS_MAX = 5_000;
const TOO_MANY_REQUESTS = 429;

/**
 * Sends events by `events.sendAll` of the admin client and returns what they came to. A limit is waited for as long as
 * the server asks, trouble for five minutes. Throws with the server's own words when trying again would not help.
 */
export async function sendEvents(
  { url, key, appId }: Target,
  events: AsyncIterable<Sendable> | Iterable<Sendable>,
  { onProgress, ...options }: SendOptions,
  { notify, signal, clock = SYSTEM_CLOCK, ...world }: Outside,
): Promise<SendAllAnswer> {
  const trouble = watchTrouble(notify, clock);
  const { onWait } = trouble;
  const admin = new AppflowAdmin({
    apiKey: key,
    baseUrl: url,
    // Not in all, as a limit may take hours: `onWait` ends what is in trouble.
    timeLimitMs: Number.POSITIVE_INFINITY,
    onWait,
    clock,
    ...world,
  });
  try {
    return await admin.events.sendAll(events, {
      ...options,
      ...(appId === undefined ? {} : { appId }),
      signal,
      onProgress(progress) {
        trouble.end();
        onProgress(progress);
      },
    });
  } catch (error) {
    throw error instanceof AppflowError ? new Error(explain(error), { cause: error }) : error;
  }
}

/** Tells of waits, and throws once there has been nothing but trouble for five minutes. */
function watchTrouble(
  notify: Outside['notify'],
  { monotonicMs }: Clock,
): { onWait: OnWait; end: () => void } {
  let sinceMs: number | undefined;
  return {
    onWait({ waitMs, error }) {
      const isTrouble = error !== undefined && error.status !== TOO_MANY_REQUESTS;
      const nowMs = monotonicMs();
      // A server that limits is alive: the five minutes begin again.
      sinceMs = isTrouble ? (sinceMs ?? nowMs) : undefined;
      const reason = isTrouble ? describe(error).replace(/\.$/, '') : "The key's rate limit is reached";
      if (sinceMs !== undefined && nowMs + waitMs - sinceMs > TROUBLE_MS_MAX) {
        throw new Error(
          `${reason}, for five minutes now. Run the same command again when the server answers.`,
        );
      }
      if (!isTrouble && waitMs < SILENT_MS_MAX) return;
      notify(`${reason}; trying again in ${(waitMs / 1_000).toFixed(1)} s.`);
    },
    end() {
      sinceMs = undefined;
    },
  };
}

function explain(error: AppflowError): string {
  const { code, status, retryAfterMs } = error;
  // The client retries these, and waits for up to an hour by itself: this one asks for longer.
  if (retryAfterMs !== undefined && (status === TOO_MANY_REQUESTS || status >= 500)) {
    return `The server asks to wait ${Math.ceil(retryAfterMs / 60_000)} minutes. Run the same command again then.`;
  }
  if (code !== 'unexpected_answer') return describe(error);
  if (status === 200) return 'The answer is not that of an Appflow server: check --url.';
  return `The server answered ${status}: check --url.`;
}

/** Puts the status before the server's own words; where there are none, the client's name it already. */
function describe({ status, message }: AppflowError): string {
  const answered = `The server answered ${status}`;
  return status === 0 || message.startsWith(answered) ? message : `${answered}: ${message}`;
}
