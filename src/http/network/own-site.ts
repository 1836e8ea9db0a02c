import type { IncomingHttpHeaders } from 'node:http';
import { type Cidr, isInCidrs } from '../../lib/ip.ts';
import { isLoopbackHost } from './address.ts';

/** The configuration of how people reach the dashboard. */
export type SiteRules = { publicUrl: string; trustedProxies: readonly Cidr[]; allowHttp: boolean };

/** How the browser reaches the server: encrypted, on this machine, or readable by everyone in between. */
export type Transport = 'secure' | 'loopback' | 'plain';

const SAFE_METHODS = ['GET', 'HEAD'];

type Incoming = { peer: string; headers: IncomingHttpHeaders };

/**
 * Whether a request arrived over TLS. `peer` is the address of the socket: X-Forwarded-Proto counts from a trusted proxy
 * only.
 */
export function isEncrypted({ peer, headers }: Incoming, rules: SiteRules): boolean {
  if (rules.publicUrl.startsWith('https:')) return true;
  const forwardedProto = headers['x-forwarded-proto']?.toString().split(',').at(-1)?.trim().toLowerCase();
  return forwardedProto === 'https' && isInCidrs(peer, rules.trustedProxies);
}

/**
 * Returns how the browser reaches the server. Host is what the browser believes it is talking to: no other page can
 * change it, and only a page on this machine sends `localhost`.
 */
export function findTransport(incoming: Incoming, rules: SiteRules): Transport {
  if (isEncrypted(incoming, rules)) return 'secure';
  return isLoopbackHost(incoming.headers.host) ? 'loopback' : 'plain';
}

/** Whether people may sign in over it: not where everyone in between could read the password. */
export const allowsSignIn = (transport: Transport, { allowHttp }: Pick<SiteRules, 'allowHttp'>): boolean =>
  transport !== 'plain' || allowHttp;

/**
 * Whether a request that changes something comes from a page of the dashboard. Browsers send that in `Sec-Fetch-Site`,
 * which pages cannot set; older ones send Origin, which must be the address of this site.
 */
export function isFromOwnSite(
  { method, headers, transport }: { method: string; headers: IncomingHttpHeaders; transport: Transport },
  { publicUrl }: Pick<SiteRules, 'publicUrl'>,
): boolean {
  if (SAFE_METHODS.includes(method)) return true;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (origin === undefined) return false;
  if (publicUrl !== '' && origin === new URL(publicUrl).origin) return true;
  const scheme = transport === 'secure' ? 'https' : 'http';
  return origin.toLowerCase() === `${scheme}://${host?.toLowerCase()}`;
}
