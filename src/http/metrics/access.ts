import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../api/errors.ts';
import { isInCidrs } from '../../lib/ip.ts';
import { findForwardingHeader, isLoopbackHost, LOOPBACK } from '../network/address.ts';

/** Whether a caller may read the numbers: yes, no such path for them, or only with the token. */
export type MetricsAccess = 'allowed' | 'hidden' | 'token_missing' | 'token_wrong';

const BEARER = /^bearer +(\S+) *$/i;

/**
 * Judges a request for `/metrics` on the API's own port. With a token, whoever sends it; without, only this machine.
 * The peer alone does not tell: behind a proxy on this machine everyone would be let in. So the request must have come
 * straight from here: under a name of this machine, and passed on by nobody.
 */
export function authorizeMetrics(request: IncomingMessage, token: string | undefined): MetricsAccess {
  if (token !== undefined) return checkToken(request, token);
  const { socket, headers, httpVersion } = request;
  const isLocal =
    isInCidrs(socket.remoteAddress ?? '', LOOPBACK) &&
    isLoopbackHost(headers.host) &&
    findForwardingHeader(headers) === undefined &&
    // A proxy that was told nothing but where to pass to may send our own address as Host; it speaks HTTP/1.0 then.
    httpVersion !== '1.0';
  return isLocal ? 'allowed' : 'hidden';
}

/** Judges the token alone: for a port of its own, where the peer does not matter. */
export function checkToken({ headers }: IncomingMessage, token: string | undefined): MetricsAccess {
  if (token === undefined) return 'allowed';
  const sent = BEARER.exec(headers.authorization ?? '')?.[1];
  if (sent === undefined) return 'token_missing';
  return timingSafeEqual(digest(sent), digest(token)) ? 'allowed' : 'token_wrong';
}

/** Of one length, whatever was sent: the comparison tells nothing by how long it takes. */
const digest = (text: string) => createHash('sha256').update(text).digest();

const CHALLENGE = { 'www-authenticate': 'Bearer realm="appflow metrics"' };

/** Returns how a request for `/metrics` is refused; undefined when it is answered. */
export function findMetricsRefusal(method: string, verdict: MetricsAccess): ApiError | undefined {
  // First: to whoever may not know of it, there is nothing at this path, whatever the method.
  if (verdict === 'hidden') return new ApiError('not_found', { detail: 'There is nothing at this path.' });
  if (method !== 'GET' && method !== 'HEAD') {
    const detail = `${method} is not possible here; use GET, HEAD.`;
    return new ApiError('method_not_allowed', { detail, headers: { allow: 'GET, HEAD' } });
  }
  if (verdict === 'allowed') return undefined;
  const code = verdict === 'token_missing' ? 'missing_api_key' : 'invalid_api_key';
  const detail = 'The metrics want METRICS_TOKEN as "Authorization: Bearer <token>".';
  return new ApiError(code, { detail, headers: CHALLENGE });
}
