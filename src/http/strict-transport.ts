import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import { findTransport } from './network/own-site.ts';

/** A year, for this host alone: what runs on its subdomains is not ours to speak for. */
const STRICT_TRANSPORT = 'max-age=31536000';

/**
 * Adds to every answer over TLS that the browser must come by TLS from now on (RFC 6797): the one time it does not is
 * when somebody in between could read the password.
 */
export function addStrictTransport(app: FastifyInstance, config: Config): void {
  app.addHook('onRequest', (request, reply, next) => {
    const { method = '', headers, socket } = request.raw;
    const transport = findTransport({ method, headers, peer: socket.remoteAddress ?? '' }, config);
    if (transport === 'secure') reply.header('strict-transport-security', STRICT_TRANSPORT);
    next();
  });
}
