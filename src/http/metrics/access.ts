import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError, pathNotFound } from '../../api/errors.ts';
import { isInCidrs } from '../../lib/ip.ts';
import { findForwardingHeader, isLoopbackHost, LOOPBACK } from '../network/address.ts';

/** Whether a request may read the metrics: yes, no because the path is hidden from it, or only with the token. */
export type MetricsAccess = 'allowed' | 'hidden' | 'token_missing' | 'token_wrong';

const BEARER = /^bearer +(\S+) *$/i;

/**
 * Returns whether a request may read `/metrics` on the API's own port: with a token, only requests that send it; without
 * one, only requests from this machine. The peer address alone is not enough: behind a proxy on this machine it would
 * admit everyone. So the request must also name this machine as its host, and no proxy may have forwarded it.
 */
export function authorizeMetrics(request: IncomingMessage, token: string | undefined): MetricsAccess {
  if (token !== undefined) return checkToken(request, token);
  const { socket, headers, httpVersion } = request;
  const isLocal =
    isInCidrs(socket.remoteAddress ?? '', LOOPBACK) &&
    isLoopbackHost(headers.host) &&
    findForwardingHeader(headers) === undefined &&
    // A proxy configured with nothing but its target may send our own address as Host; it then speaks HTTP/1.0.
    httpVersion !== '1.0';
  return isLocal ? 'allowed' : 'hidden';
}

/** Checks the token alone: for the separate metrics port, where the peer does not matter. */
export function checkToken({ headers }: IncomingMessage, token: string | undefined): MetricsAccess {
  if (token === undefined) return 'allowed';
  const sent = BEARER.exec(headers.authorization ?? '')?.[1];
  if (sent === undefined) return 'token_missing';
  return timingSafeEqual(digest(sent), digest(token)) ? 'allowed' : 'token_wrong';
}

/** Has a fixed length, however long the input: the time of the comparison reveals nothing. */
const digest = (text: string) => createHash('sha256').update(text).digest();

const CHALLENGE = { 'www-authenticate': 'Bearer realm="appflow metrics"' };

/** Returns the error that refuses a request for `/metrics`; undefined if it is answered. */
export function findMetricsRefusal(method: string, verdict: MetricsAccess): ApiError | undefined {
  // First: where it is hidden, this path does not exist for any method.
  if (verdict === 'hidden') return pathNotFound();
  if (method !== 'GET' && method !== 'HEAD') {
    const detail = `${method} is not supported here. Use GET, HEAD.`;
    return new ApiError('method_not_allowed', { detail, headers: { allow: 'GET, HEAD' } });
  }
  if (verdict === 'allowed') return undefined;
  const code = verdict === 'token_missing' ? 'missing_api_key' : 'invalid_api_key';
  const detail = '/metrics requires METRICS_TOKEN. Send it as "Authorization: Bearer <token>".';
  return new ApiError(code, { detail, headers: CHALLENGE });
}
