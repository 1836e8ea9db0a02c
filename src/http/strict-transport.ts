import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import { isEncrypted } from './network/own-site.ts';

/** One year, for this host only: its subdomains may belong to other services. */
const STRICT_TRANSPORT = 'max-age=31536000';

/**
 * Adds HSTS (RFC 6797) to every answer over TLS, so that browsers never use plain HTTP again, where an attacker in between
 * could read the password.
 */
export function addStrictTransport(app: FastifyInstance, config: Config): void {
  app.addHook('onRequest', (request, reply, next) => {
    const { headers, socket } = request.raw;
    if (isEncrypted({ headers, peer: socket.remoteAddress ?? '' }, config))
      reply.raw.setHeader('strict-transport-security', STRICT_TRANSPORT);
    next();
  });
}
