import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isInCidrs, parseCidrs } from '../lib/ip.ts';

/** Whether a caller may read the numbers: yes, no such path for them, or only with the token. */
export type MetricsVerdict = 'allowed' | 'hidden' | 'token_missing' | 'token_wrong';

const LOOPBACK = parseCidrs(['127.0.0.0/8', '::1/128']).cidrs;
const BEARER = /^bearer +(\S+) *$/i;

/**
 * Judges a request for `/metrics` on the API's own port. With a token, whoever sends it; without, only this machine, and
 * by the peer itself, not by what a header claims. A request that a proxy passed on comes from elsewhere, although its
 * peer is this machine: behind a proxy on the same machine, everyone would be let in otherwise.
 */
export function judgeMetricsCaller(request: IncomingMessage, token: string | undefined): MetricsVerdict {
  if (token !== undefined) return judgeToken(request, token);
  const { 'x-forwarded-for': forwardedFor, forwarded } = request.headers;
  if (forwardedFor !== undefined || forwarded !== undefined) return 'hidden';
  return isInCidrs(request.socket.remoteAddress ?? '', LOOPBACK) ? 'allowed' : 'hidden';
}

/** Judges the token alone: for a port of its own, where the peer does not matter. */
export function judgeToken({ headers }: IncomingMessage, token: string | undefined): MetricsVerdict {
  if (token === undefined) return 'allowed';
  const sent = BEARER.exec(headers.authorization ?? '')?.[1];
  if (sent === undefined) return 'token_missing';
  return timingSafeEqual(digest(sent), digest(token)) ? 'allowed' : 'token_wrong';
}

/** Of one length, whatever was sent: the comparison tells nothing by how long it takes. */
const digest = (text: string) => createHash('sha256').update(text).digest();
