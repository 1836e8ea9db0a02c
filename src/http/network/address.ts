import type { IncomingHttpHeaders } from 'node:http';
import {
  type Cidr,
  callerNetwork,
  canonicalAddress,
  forwardedNetwork,
  isInCidrs,
  parseCidrs,
} from '../../lib/ip.ts';

/** Where a request came from. */
export type ClientAddress = {
  /** Canonical text: what allow-lists compare and the audit log names. */
  ip: string;
  /** What limits per address count by: a network of the client, or `forwardedNetwork` of an unconfigured proxy. */
  network: string;
  /** The header that shows that the peer is a proxy which is missing in `TRUSTED_PROXIES`. */
  untrustedProxyHeader: string | undefined;
};

/** Networks that are not reachable from the internet: only the operator's own machines have these addresses. */
export const NEARBY = parseCidrs([
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'],
  ...['::1', 'fc00::/7', 'fe80::/10'],
]).cidrs;

/**
 * Returns where a request came from: `X-Forwarded-For` counts as far as its hops are `trusted`. If no proxy is trusted
 * at all, a peer in a nearby network that sends a forwarding header is taken for an unconfigured proxy.
 */
export function resolveAddress(
  peer: string,
  headers: IncomingHttpHeaders,
  trusted: readonly Cidr[],
): ClientAddress {
  const ip = findOrigin(peer, headers['x-forwarded-for']?.toString(), trusted);
  const header = trusted.length === 0 ? findForwardingHeader(headers) : undefined;
  const untrustedProxyHeader = header !== undefined && isInCidrs(ip, NEARBY) ? header : undefined;
  const network = untrustedProxyHeader === undefined ? networkOf(ip) : forwardedNetwork(ip);
  return { ip, network, untrustedProxyHeader };
}

/** Results that are kept of each function: enough for the connections of a busy server. */
const KEPT_MAX = 10_000;

/** Returns the function, which keeps its results: connections send many requests, and parsing takes a microsecond. */
function remember(compute: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const result = known.get(text);
    if (result !== undefined) return result;
    // All of them: a list in the order of use would cost more than parsing some again.
    if (known.size >= KEPT_MAX) known.clear();
    const computed = compute(text);
    known.set(text, computed);
    return computed;
  };
}

const canonicalPeer = remember((peer) => canonicalAddress(peer) ?? peer);
const networkOf = remember(callerNetwork);

/**
 * Returns the right-most hop of `X-Forwarded-For` that is not a trusted proxy, or the peer if the peer itself is not
 * trusted. What an untrusted peer claims is ignored, so an address cannot be forged.
 */
function findOrigin(peer: string, forwardedFor: string | undefined, trusted: readonly Cidr[]): string {
  let address = canonicalPeer(peer);
  if (trusted.length === 0 || !forwardedFor) return address;
  for (const hop of forwardedFor.split(',').reverse()) {
    if (!isInCidrs(address, trusted)) break;
    const next = canonicalAddress(withoutPort(hop.trim()));
    // A hop that is not an address (`unknown`, an obfuscated name) cannot be trusted: stop at the proxy that sent it.
    if (next === undefined) break;
    address = next;
  }
  return address;
}

/** Some proxies add the port of a hop: `203.0.113.9:51234`, `[2001:db8::1]:443`, or only the brackets. */
function withoutPort(hop: string): string {
  const [, inBrackets, ipv4] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(hop) ?? [];
  return inBrackets ?? ipv4 ?? hop;
}

/** Headers that proxies add to a request they forward (RFC 7239, RFC 9110 §7.6.3, and the older customary ones). */
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

/** Returns the name of a header that shows that this request was forwarded; undefined if there is none. */
export function findForwardingHeader(headers: IncomingHttpHeaders): string | undefined {
  return FORWARDING_HEADERS.find((name) => headers[name] !== undefined);
}

/** The addresses of this machine. */
export const LOOPBACK = parseCidrs(['127.0.0.0/8', '::1/128']).cidrs;

/** `localhost:8080`, `127.0.0.1`, `[::1]:8080`: matches the name, or the address in the brackets. */
const HOST = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d*)?$/i;

/** Whether a Host header names this machine. */
export function isLoopbackHost(host = ''): boolean {
  const [, ipv6, name = ipv6 ?? ''] = HOST.exec(host) ?? [];
  return name.toLowerCase() === 'localhost' || isInCidrs(name, LOOPBACK);
}
