import { type Lease, takeLease } from '../control/lease.ts';
import { SECOND_MS } from '../lib/durations.ts';
import { StorageError } from '../lib/errors.ts';
import { killSelf } from '../lib/kill-self.ts';
import type { ControlServices } from './open-services.ts';

/** With inserts of up to 10 seconds, events are stored while the control database is away for half a minute. */
const TTL_MS = 45 * SECOND_MS;
/** The name of the lease. */
export const EVENT_LEASE = 'events';

/**
 * Takes the lease for storing events on a ClickHouse server: one process has it at a time, so that no event counts twice. With `waits`, it
 * waits for a process that has it; otherwise rejects with StorageError `busy`. If the lease is lost, because the control database was
 * away too long, this process kills itself, and its supervisor starts it again: nothing acknowledged is lost.
 */
export async function takeEventLease(
  { control, log }: Pick<ControlServices, 'control' | 'log'>,
  waits: boolean,
): Promise<Lease> {
  const lease = await findEventLease({ control, log }, waits);
  if (lease === undefined)
    throw new StorageError(
      'busy',
      'Another process stores events on the server at CLICKHOUSE_URL, or ended less than a minute ago without releasing its lease',
    );
  return lease;
}

/** The same, but returns undefined if another process has it. */
export async function findEventLease(
  { control, log }: Pick<ControlServices, 'control' | 'log'>,
  waits = false,
): Promise<Lease | undefined> {
  const onLost = () => endProcess(log);
  const waitMs = waits ? Number.POSITIVE_INFINITY : 0;
  return await takeLease({ control, name: EVENT_LEASE, ttlMs: TTL_MS, waitMs, onLost, log });
}

/** Without a stop, which would go on working under the lease. */
export function endProcess(log: ControlServices['log']): void {
  log.fatal(
    'another node stores the events now: this process kills itself, its supervisor has to start it again',
  );
  killSelf();
}
