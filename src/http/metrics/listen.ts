import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError } from '../../api/errors.ts';
import { renderProblem, requestIdOf } from '../../api/problem.ts';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../lib/log.ts';
import { checkToken, findMetricsRefusal } from './access.ts';
import type { Metrics } from './metrics.ts';

type ListenServices = { config: Config; metrics: Metrics; log: Log };

/** The port of its own that METRICS_PORT asks for. */
export type MetricsListener = { url: string; close: () => Promise<void> };

/** Listens on METRICS_PORT and tells the numbers there; undefined when none is set. Rejects when the port is taken. */
export async function listenForMetrics(services: ListenServices): Promise<MetricsListener | undefined> {
  const { metricsPort, host } = services.config;
  if (metricsPort === undefined) return undefined;
  const server = createServer((request, response) => {
    answer(services, request, response).catch((error: unknown) => {
      services.log.error({ err: error }, 'the metrics cannot be told');
      refuse(services, request, response, new ApiError('internal', { cause: error }));
    });
  });
  server.listen(metricsPort, host);
  await once(server, 'listening');
  const { port, address, family } = server.address() as AddressInfo;
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, close };
}

async function answer(
  services: ListenServices,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { config, metrics } = services;
  const [path] = (request.url ?? '').split('?', 1);
  const verdict = path === '/metrics' ? checkToken(request, config.metricsToken) : 'hidden';
  const refusal = findMetricsRefusal(request.method ?? '', verdict);
  if (refusal) return refuse(services, request, response, refusal);
  const text = await metrics.render();
  response.writeHead(200, headersOf(request, metrics.contentType)).end(text);
}

function refuse(
  { config }: { config: Config },
  request: IncomingMessage,
  response: ServerResponse,
  refusal: ApiError,
): void {
  const problem = renderProblem(refusal, requestIdOf(request), config.publicUrl);
  const headers = { ...headersOf(request, 'application/problem+json'), ...refusal.headers };
  response.writeHead(refusal.status, headers).end(JSON.stringify(problem));
}

/** The headers that every answer has, on this port too. */
function headersOf(request: IncomingMessage, contentType: string): Record<string, string> {
  return {
    'content-type': contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestIdOf(request),
  };
}
