import type { Clock } from '../../lib/clock.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import type { ClientAddress } from './address.ts';

/** Records requests that a proxy forwarded although `TRUSTED_PROXIES` is not set. */
export type UntrustedProxy = {
  /** Counts the request if its peer is such a proxy, and logs it once per hour. */
  record: (address: ClientAddress) => void;
  /** Returns how many there were since the start. */
  countRequests: () => number;
  /** Returns a warning with what to do if there was one within the last hour. */
  findWarning: () => string | undefined;
};

const WARNING =
  'A proxy passes requests on, but TRUSTED_PROXIES is not set: IP allow-lists and the audit log see the proxy instead ' +
  'of the callers, and all its callers share the limits per address, on wrong passwords too. Set TRUSTED_PROXIES to ' +
  'its address.';

/** Returns the record of one server. */
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
      // Only the header's name: the caller chooses its value.
      log.warn({ proxy: ip, header }, WARNING);
    },
    countRequests: () => requests,
    // A single manual request must not warn forever; a proxy in use is seen all the time.
    findWarning: () => (clock.now() - lastSeenAt < HOUR_MS ? WARNING : undefined),
  };
}
