import type { Progress, SendAllAnswer, Sendable } from '../../../client/src/admin/send-all.ts';
import { AppflowAdmin } from '../../../client/src/admin.ts';
import { AppflowError } from '../../../client/src/api/errors.ts';
import type { Fetch } from '../../../client/src/http/transport.ts';
import type { OnWait } from '../../../client/src/retry/deadline.ts';
import { type Clock, SYSTEM_CLOCK } from '../../../client/src/runtime/clock.ts';
import { MINUTE_MS } from '../../lib/durations.ts';

/** The server to send to, and the key to use. */
export type Target = { url: string; key: string; appId: string | undefined; normalizeNames?: boolean };

/** Events per request, and a callback that runs after each request, in order. */
export type SendOptions = { batchSize?: number; onProgress: (progress: Progress) => void };

/** The environment of a sender: the user, and what tests replace. */
export type SendEnvironment = {
  /** Called with the reason whenever the import has to wait. */
  notify: (sentence: string) => void;
  /** Aborts when the user stops the import. */
  signal: AbortSignal;
  clock?: Clock;
  fetch?: Fetch;
  random?: () => number;
};

const FAILING_MS_MAX = 5 * MINUTE_MS;
/** A long import reaches its rate limit every few seconds, so shorter waits are not reported. */
const SILENT_MS_MAX = 5_000;
const TOO_MANY_REQUESTS = 429;

/**
 * Sends events with `events.sendAll` of the admin client and returns the totals. Waits for a rate limit as long as the
 * server asks, and for a failing server for five minutes. Throws the server's message if retrying would not help.
 */
export async function sendEvents(
  { url, key, appId, normalizeNames = false }: Target,
  events: AsyncIterable<Sendable> | Iterable<Sendable>,
  { onProgress, ...options }: SendOptions,
  { notify, signal, clock = SYSTEM_CLOCK, ...world }: SendEnvironment,
): Promise<SendAllAnswer> {
  const failures = watchFailures(notify, clock);
  const { onWait } = failures;
  const admin = new AppflowAdmin({
    apiKey: key,
    baseUrl: url,
    // No limit on the total, as rate limits may take hours: `onWait` throws if the server keeps failing.
    timeLimitMs: Number.POSITIVE_INFINITY,
    onWait,
    clock,
    ...world,
  });
  try {
    return await admin.events.sendAll(events, {
      ...options,
      ...(appId === undefined ? {} : { appId }),
      normalizeNames,
      signal,
      onProgress(progress) {
        failures.reset();
        onProgress(progress);
      },
    });
  } catch (error) {
    throw error instanceof AppflowError ? new Error(explain(error), { cause: error }) : error;
  }
}

/** Reports waits, and throws once the server has done nothing but fail for five minutes. */
function watchFailures(
  notify: SendEnvironment['notify'],
  { monotonicMs }: Clock,
): { onWait: OnWait; reset: () => void } {
  let sinceMs: number | undefined;
  return {
    onWait({ waitMs, error }) {
      const isFailure = error !== undefined && error.status !== TOO_MANY_REQUESTS;
      const nowMs = monotonicMs();
      // A server that rate-limits is up, so the five minutes start again.
      sinceMs = isFailure ? (sinceMs ?? nowMs) : undefined;
      const reason = isFailure ? describe(error).replace(/\.$/, '') : "The key's rate limit is reached";
      if (sinceMs !== undefined && nowMs + waitMs - sinceMs > FAILING_MS_MAX) {
        throw new Error(
          `${reason}, for five minutes now. Run the same command again when the server is available.`,
        );
      }
      if (!isFailure && waitMs < SILENT_MS_MAX) return;
      notify(`${reason}. Retrying in ${(waitMs / 1_000).toFixed(1)} s.`);
    },
    reset() {
      sinceMs = undefined;
    },
  };
}

function explain(error: AppflowError): string {
  const { code, status, retryAfterMs } = error;
  // The client retries these and waits up to an hour by itself, so this server asks for longer.
  if (retryAfterMs !== undefined && (status === TOO_MANY_REQUESTS || status >= 500)) {
    return `The server asked to wait ${Math.ceil(retryAfterMs / MINUTE_MS)} minutes. Run the same command again after that.`;
  }
  if (code !== 'unexpected_answer') return describe(error);
  if (status === 200) return 'The response is not from an Appflow server. Check --url.';
  return `The server answered ${status}. Check --url.`;
}

/** Puts the status before the server's message. A message from the client already includes it. */
function describe({ status, message }: AppflowError): string {
  const answered = `The server answered ${status}`;
  return status === 0 || message.startsWith(answered) ? message : `${answered}: ${message}`;
}
