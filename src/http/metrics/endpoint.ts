import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiError } from '../../api/errors.ts';
import type { Config } from '../../config/config.ts';
import { authorizeMetrics, findMetricsRefusal } from './access.ts';
import type { Metrics } from './metrics.ts';

/** The server's own functions to answer, so that these answers have the same headers as all others. */
type Answering = {
  send: (request: FastifyRequest, reply: FastifyReply, body: { contentType: string; text: string }) => void;
  refuse: (request: FastifyRequest, reply: FastifyReply, error: ApiError) => void;
};

/** Adds `GET /metrics`, unless it has its own port. It is not a route: it has no project and takes no key. */
export function addMetricsEndpoint(
  app: FastifyInstance,
  { config, metrics }: { config: Config; metrics: Metrics },
  { send, refuse }: Answering,
): void {
  if (config.metricsPort !== undefined) return;
  app.all('/metrics', {
    handler: () => undefined,
    onRequest: async (request, reply) => {
      const refusal = findMetricsRefusal(request.method, authorizeMetrics(request.raw, config.metricsToken));
      if (refusal) refuse(request, reply, refusal);
      else send(request, reply, { contentType: metrics.contentType, text: await metrics.render() });
      return reply;
    },
  });
}
