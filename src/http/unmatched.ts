import type { FastifyRequest } from 'fastify';
import { ApiError, pathNotFound } from '../api/errors.ts';
import { listPlaces, type Route } from '../api/route.ts';

/** Returns the error for a path the router rejects: a parameter longer than any ID, or broken percent-encoding. */
export function toPathError(code: string): ApiError {
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return pathNotFound();
  return new ApiError('invalid_encoding', { detail: 'The URL cannot be decoded.' });
}

/**
 * Returns the error for a request that does not name one host. RFC 9112 §3.2: a server must reject HTTP/1.1 without Host,
 * an invalid one, and any request with two, as a proxy may have used the other one.
 */
export function findHostError({ raw }: FastifyRequest): ApiError | undefined {
  const { rawHeaders, httpVersion } = raw;
  let count = 0;
  let host = '';
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.length !== 4 || rawHeaders[at]?.toLowerCase() !== 'host') continue;
    count += 1;
    host = rawHeaders[at + 1] ?? '';
  }
  if (count > 1) return hostError(`The request has ${count} Host headers; send one.`);
  if (count === 0 && httpVersion === '1.1') return hostError('The request has no Host header; send one.');
  return HOST.test(host)
    ? undefined
    : hostError('The Host header is not a host name or address with a port.');
}

/** RFC 3986 §3.2.2: a name, an IPv4 address, or an IPv6 address in brackets, and a port. Empty for targets without one. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i;

const hostError = (detail: string) =>
  new ApiError('invalid_encoding', { detail, headers: { connection: 'close' } });

/** Returns the path of a request's target, which may also be a whole URL (RFC 9112 §3.2.2), as the router takes it. */
export const pathOf = (target: string) => (target.split('?', 1)[0] ?? '').replace(/^https?:\/\/[^/]*/i, '');

const toPattern = (path: string) =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

/**
 * Returns a function that gives the error of a request no route matches: 405 if its path exists for other methods, 404
 * otherwise, the same for every caller.
 */
export function createUnmatched(routes: readonly Route[]): (request: FastifyRequest) => ApiError {
  const patterns = routes
    .flatMap(listPlaces)
    .map(({ path, method }) => ({ pattern: toPattern(path), method }));
  return (request) => {
    const path = pathOf(request.raw.url ?? '');
    const matching = patterns.filter(({ pattern }) => pattern.test(path));
    const methods = new Set<string>(matching.map(({ method }) => method));
    if (methods.size === 0) return pathNotFound();
    if (methods.has('GET')) methods.add('HEAD');
    const allow = [...methods].join(', ');
    return new ApiError('method_not_allowed', {
      detail: `${request.method} is not supported here. Use ${allow}.`,
      headers: { allow },
    });
  };
}
