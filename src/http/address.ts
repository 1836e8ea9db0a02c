import { type Cidr, canonicalAddress, isInCidrs } from '../lib/ip.ts';

/**
 * Returns the address a request came from: the right-most hop of `X-Forwarded-For` that is no trusted proxy, or the
 * peer when the peer itself is not trusted. Whatever an untrusted peer claims is ignored, so an address cannot be forged.
 */
export function resolveAddress(
  peer: string,
  forwardedFor: string | undefined,
  trusted: readonly Cidr[],
): string {
  let address = canonicalAddress(peer) ?? peer;
  if (trusted.length === 0 || !forwardedFor) return address;
  for (const hop of forwardedFor.split(',').reverse()) {
    if (!isInCidrs(address, trusted)) break;
    const next = canonicalAddress(hop.trim());
    // A hop that is no address (`unknown`, an obfuscated name) cannot be trusted further: stop at the proxy that sent it.
    if (next === undefined) break;
    address = next;
  }
  return address;
}
