import type { IncomingHttpHeaders } from 'node:http';
import { type Cidr, callerNetwork, canonicalAddress, isInCidrs, parseCidrs } from '../../lib/ip.ts';

/** Where a request came from. */
export type ClientAddress = {
  /** Canonical text: what allow-lists compare and the audit log names. */
  ip: string;
  /**
   * What limits per address count by; undefined when they must not count, because `ip` is that of a proxy nobody named and all
   * of its callers would share one bucket.
   */
  network: string | undefined;
  /** The header by which the peer showed itself to be a proxy that `TRUSTED_PROXIES` should name. */
  untrustedProxyHeader: string | undefined;
};

/** Where no caller from the internet can come from: only something of the operator's own stands there. */
const NEARBY = parseCidrs([
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'],
  ...['::1', 'fc00::/7', 'fe80::/10'],
]).cidrs;

/**
 * Returns where a request came from: `X-Forwarded-For` counts as far as its hops are `trusted`. With no trusted proxy
 * at all, a peer nearby that says it passes the request on is taken for a proxy that nobody named.
 */
export function resolveAddress(
  peer: string,
  headers: IncomingHttpHeaders,
  trusted: readonly Cidr[],
): ClientAddress {
  const ip = findOrigin(peer, headers['x-forwarded-for']?.toString(), trusted);
  const header = trusted.length === 0 ? findForwardingHeader(headers) : undefined;
  const untrustedProxyHeader = header !== undefined && isInCidrs(ip, NEARBY) ? header : undefined;
  const network = untrustedProxyHeader === undefined ? callerNetwork(ip) : undefined;
  return { ip, network, untrustedProxyHeader };
}

/**
 * The right-most hop of `X-Forwarded-For` that is no trusted proxy, or the peer when the peer itself is not trusted.
 * Whatever an untrusted peer claims is ignored, so an address cannot be forged.
 */
function findOrigin(peer: string, forwardedFor: string | undefined, trusted: readonly Cidr[]): string {
  let address = canonicalAddress(peer) ?? peer;
  if (trusted.length === 0 || !forwardedFor) return address;
  for (const hop of forwardedFor.split(',').reverse()) {
    if (!isInCidrs(address, trusted)) break;
    const next = canonicalAddress(withoutPort(hop.trim()));
    // A hop that is no address (`unknown`, an obfuscated name) cannot be trusted further: stop at the proxy that sent it.
    if (next === undefined) break;
    address = next;
  }
  return address;
}

/** Some proxies write the port of a hop too: `203.0.113.9:51234`, `[2001:db8::1]:443`, or the brackets alone. */
function withoutPort(hop: string): string {
  const [, inBrackets, ipv4] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(hop) ?? [];
  return inBrackets ?? ipv4 ?? hop;
}

/** What proxies add to a request they pass on (RFC 7239, RFC 9110 §7.6.3, and what was usual before). */
const FORWARDING_HEADERS = [
  'x-forwarded-for',
  'forwarded',
  'via',
  'x-real-ip',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
] as const;

/** Returns the name of a header that says somebody passed this request on; undefined when none does. */
export function findForwardingHeader(headers: IncomingHttpHeaders): string | undefined {
  return FORWARDING_HEADERS.find((name) => headers[name] !== undefined);
}

/** The addresses of this machine. */
export const LOOPBACK = parseCidrs(['127.0.0.0/8', '::1/128']).cidrs;

/** `localhost:8080`, `127.0.0.1`, `[::1]:8080`: the name, or what stands in the brackets. */
const HOST = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d*)?$/i;

/** Whether a Host header names this machine. */
export function isLoopbackHost(host = ''): boolean {
  const [, ipv6, name = ipv6 ?? ''] = HOST.exec(host) ?? [];
  return name.toLowerCase() === 'localhost' || isInCidrs(name, LOOPBACK);
}
