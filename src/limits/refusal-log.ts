import type { Clock } from '../lib/clock.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';

const LOG_INTERVAL_MS = MINUTE_MS;

/**
 * Returns a function that logs a refusal with 503 as `message`, once per minute: one line per refusal would add work
 * exactly when there is too much. Each reason for refusals has a function of its own.
 */
export function createRefusalLog(
  { clock, log }: { clock: Clock; log: Log },
  message: string,
): (fields?: Record<string, unknown>) => void {
  let lastLoggedAt = Number.NEGATIVE_INFINITY;
  return (fields = {}) => {
    if (clock.now() - lastLoggedAt < LOG_INTERVAL_MS) return;
    lastLoggedAt = clock.now();
    log.warn(fields, message);
  };
}
