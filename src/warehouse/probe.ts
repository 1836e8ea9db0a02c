import type { Clock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Gateway } from './engine/gateway.ts';

/** Anyone may request /readyz, at any rate: the engine is queried at most once per second. */
const PROBE_AGE_MS = 1_000;

type Probe = { at: number; isAnswering: Promise<boolean>; wasAnswering: boolean };

/** Returns a function that reports whether `query` is answered now, or was in the last second. */
export function createProbe(
  query: Gateway['query'],
  { clock, log }: { clock: Clock; log: Log },
): () => Promise<boolean> {
  let last: Probe | undefined;
  return () => {
    if (last && clock.now() - last.at < PROBE_AGE_MS) return last.isAnswering;
    const probe: Probe = {
      at: clock.now(),
      isAnswering: isAnswered(query),
      wasAnswering: last?.wasAnswering ?? true,
    };
    last = probe;
    void probe.isAnswering.then((isAnswering) => {
      // Logged only when it changes: frequent requests must not fill the log.
      if (isAnswering !== probe.wasAnswering)
        log.warn({ isAnswering }, 'whether the event store answers has changed');
      probe.wasAnswering = isAnswering;
    });
    return probe.isAnswering;
  };
}

async function isAnswered(query: Gateway['query']): Promise<boolean> {
  try {
    await query('SELECT 1');
    return true;
  } catch (error) {
    // Busy is not broken: other queries are being answered.
    return error instanceof StorageError && error.reason === 'busy';
  }
}
