import type { Clock } from '../../lib/clock.ts';
import { MINUTE_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import type { CloseReason } from './connection.ts';
import type { Registry } from './registry.ts';

/** These leave other callers without a connection; all other reasons concern only the connection that is closed. */
const SHORTAGES: readonly CloseReason[] = ['server_full', 'address_full', 'made_room', 'unsent_answers'];

/** Notices when connections run short, for the log and `/readyz`. */
export type ShortageWatch = {
  /** Compares the counts with those of the last call; logs a shortage once per minute. */
  update: () => void;
  /** Returns a sentence if there was a shortage within the last minute. */
  findProblem: () => string | undefined;
};

/** Returns the watch over these counts. */
export function watchShortage(
  { closed }: Registry,
  { clock, log }: { clock: Clock; log: Log },
): ShortageWatch {
  let seen = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  let lastLoggedAt = Number.NEGATIVE_INFINITY;
  function update(): void {
    const count = SHORTAGES.reduce((sum, reason) => sum + closed[reason], 0);
    if (count === seen) return;
    seen = count;
    lastAt = clock.now();
    if (lastAt - lastLoggedAt < MINUTE_MS) return;
    lastLoggedAt = lastAt;
    log.warn({ closed }, 'too many connections: some are refused, or closed to make room for others');
  }
  return {
    update,
    findProblem() {
      update();
      return clock.now() - lastAt < MINUTE_MS
        ? 'There are too many connections, or too many answers that are not read: some connections are refused or closed. `appflow_connections_closed_total` in /metrics counts them by reason.'
        : undefined;
    },
  };
}
