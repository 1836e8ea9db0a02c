import type { IncomingHttpHeaders } from 'node:http';
import { type Cidr, isInCidrs } from '../../lib/ip.ts';
import { isLoopbackHost } from './address.ts';

/** What the decisions below look at. `peer` is the address of the socket. */
export type SiteRequest = { method: string; peer: string; headers: IncomingHttpHeaders };

/** What the operator said of the way people reach the dashboard. */
export type SiteRules = { publicUrl: string; trustedProxies: readonly Cidr[]; allowHttp: boolean };

/** How a person's browser reaches us: encrypted, on this machine, or readable for everyone in between. */
export type Transport = 'secure' | 'loopback' | 'plain';

const SAFE_METHODS = ['GET', 'HEAD'];

/**
 * Returns how the browser reaches us. The Host header is its own word for where it is: no other page can change it, and
 * a page on this machine is the only one to which it is `localhost`. A proxy's word on TLS counts when it is trusted.
 */
export function findTransport({ peer, headers }: SiteRequest, rules: SiteRules): Transport {
  if (rules.publicUrl.startsWith('https:')) return 'secure';
  const passedOn = headers['x-forwarded-proto']?.toString().split(',').at(-1)?.trim().toLowerCase();
  if (passedOn === 'https' && isInCidrs(peer, rules.trustedProxies)) return 'secure';
  return isLoopbackHost(headers.host) ? 'loopback' : 'plain';
}

/** Whether people may sign in over it: not where everyone in between could read the password. */
export const allowsSignIn = (transport: Transport, { allowHttp }: SiteRules): boolean =>
  transport !== 'plain' || allowHttp;

/**
 * Whether a request that changes something comes from a page of ours. Browsers say so in `Sec-Fetch-Site`, which no
 * page can write, and older ones by the Origin, which must be the address of this site.
 */
export function isFromOwnSite({ method, headers, peer }: SiteRequest, rules: SiteRules): boolean {
  if (SAFE_METHODS.includes(method)) return true;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (origin === undefined) return false;
  if (rules.publicUrl !== '' && origin === new URL(rules.publicUrl).origin) return true;
  const scheme = findTransport({ method, headers, peer }, rules) === 'secure' ? 'https' : 'http';
  return origin.toLowerCase() === `${scheme}://${host?.toLowerCase()}`;
}
