import type { Clock } from '../../lib/clock.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import type { ClientAddress } from './address.ts';

/** Remembers requests that a proxy passed on while `TRUSTED_PROXIES` names none. */
export type UntrustedProxy = {
  /** Counts the request when its peer is such a proxy; the log tells of it once an hour. */
  record: (address: ClientAddress) => void;
  /** How many there were since the start. */
  countRequests: () => number;
  /** Returns what to do about it when there was one within the last hour. */
  findWarning: () => string | undefined;
};

const WARNING =
  'A proxy passes requests on, but TRUSTED_PROXIES is not set: IP allow-lists and the audit log see the proxy instead ' +
  'of the callers, and limits per address, on wrong passwords too, are suspended for its requests. Set ' +
  'TRUSTED_PROXIES to its address.';

/** Returns the memory of one server. */
export function createUntrustedProxy({ clock, log }: { clock: Clock; log: Log }): UntrustedProxy {
  let requests = 0;
  let lastSeenAt = Number.NEGATIVE_INFINITY;
  let lastLoggedAt = Number.NEGATIVE_INFINITY;
  return {
    record({ ip, untrustedProxyHeader: header }) {
      if (header === undefined) return;
      requests += 1;
      lastSeenAt = clock.now();
      if (lastSeenAt - lastLoggedAt < HOUR_MS) return;
      lastLoggedAt = lastSeenAt;
      // The header's name only: what it holds is the caller's to choose.
      log.warn({ proxy: ip, header }, WARNING);
    },
    countRequests: () => requests,
    // One request by hand must not warn for ever; a proxy that is in use is seen all the time.
    findWarning: () => (clock.now() - lastSeenAt < HOUR_MS ? WARNING : undefined),
  };
}
