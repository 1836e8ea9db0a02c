import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { judgeMetricsCaller, type MetricsVerdict } from '../metrics/access.ts';
import type { Services } from '../services.ts';
import { ApiError } from './errors.ts';

type Refuse = (request: FastifyRequest, reply: FastifyReply, error: ApiError) => void;

/** Adds `GET /metrics`, unless it has a port of its own. It stands beside the routes: it knows no project and no key. */
export function addMetricsEndpoint(
  app: FastifyInstance,
  { config, metrics }: Services,
  refuse: Refuse,
): void {
  if (config.metricsPort !== undefined) return;
  app.get('/metrics', {
    handler: () => undefined,
    onRequest: async (request, reply) => {
      const refusal = refusalOf(judgeMetricsCaller(request.raw, config.metricsToken));
      if (refusal) refuse(request, reply, refusal);
      else {
        const text = await metrics.render();
        reply.headers({ 'content-type': metrics.contentType, 'cache-control': 'no-store' }).send(text);
      }
      return reply;
    },
  });
}

const CHALLENGE = { 'www-authenticate': 'Bearer realm="appflow metrics"' };

/** To whoever may not know of it, there is nothing at this path. */
function refusalOf(verdict: MetricsVerdict): ApiError | undefined {
  if (verdict === 'allowed') return undefined;
  if (verdict === 'hidden') return new ApiError('not_found', { detail: 'There is nothing at this path.' });
  const code = verdict === 'token_missing' ? 'missing_api_key' : 'invalid_api_key';
  const detail = 'The metrics want METRICS_TOKEN as "Authorization: Bearer <token>".';
  return new ApiError(code, { detail, headers: CHALLENGE });
}
