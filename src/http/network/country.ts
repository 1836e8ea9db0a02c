import type { IncomingMessage } from 'node:http';
import { isCountryCode } from '../../api/formats.ts';
import type { Config } from '../../config/config.ts';
import { canonicalAddress, isInCidrs } from '../../lib/ip.ts';

/**
 * Returns the country that the proxy names in `APPFLOW_COUNTRY_HEADER`; undefined if it names none, or if the peer is no
 * trusted proxy: anyone could send the header.
 */
export function findRequestCountry(
  { headers, socket }: Pick<IncomingMessage, 'headers'> & { socket: { remoteAddress?: string | undefined } },
  { countryHeader, trustedProxies }: Pick<Config, 'countryHeader' | 'trustedProxies'>,
): string | undefined {
  const country = countryHeader && headers[countryHeader]?.toString().trim().toUpperCase();
  if (!country || !isCountryCode(country)) return undefined;
  const peer = socket.remoteAddress ?? '';
  return isInCidrs(canonicalAddress(peer) ?? peer, trustedProxies) ? country : undefined;
}
