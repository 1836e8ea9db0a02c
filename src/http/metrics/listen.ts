import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError } from '../../api/errors.ts';
import { createRequestId, renderProblem } from '../../api/problem.ts';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../lib/log.ts';
import type { Connections } from '../connections/connections.ts';
import { checkToken, findMetricsRefusal } from './access.ts';
import type { Metrics } from './metrics.ts';

type ListenServices = { config: Config; metrics: Metrics; connections: Connections; log: Log };

/** The server on the separate port of METRICS_PORT. */
export type MetricsListener = { url: string; close: () => Promise<void> };

/** Serves the metrics on METRICS_PORT; returns undefined if it is not set. Rejects if the port is in use. */
export async function listenForMetrics(services: ListenServices): Promise<MetricsListener | undefined> {
  const { connections, config } = services;
  const { metricsPort, host, publicUrl } = config;
  if (metricsPort === undefined) return undefined;
  const server = connections.createServer((request, response) => {
    const requestId = createRequestId(request);
    answer(services, request, response, requestId).catch((error: unknown) => {
      services.log.error({ requestId, err: error }, 'the metrics cannot be rendered');
      refuse(services, response, requestId, new ApiError('internal', { cause: error }));
    });
  });
  server.on('clientError', (error, socket) => connections.refuse(error, socket, publicUrl));
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
  requestId: string,
): Promise<void> {
  const { config, metrics } = services;
  const [path] = (request.url ?? '').split('?', 1);
  const verdict = path === '/metrics' ? checkToken(request, config.metricsToken) : 'hidden';
  const refusal = findMetricsRefusal(request.method ?? '', verdict);
  if (refusal) return refuse(services, response, requestId, refusal);
  const text = await metrics.render();
  response.writeHead(200, headersOf(requestId, metrics.contentType)).end(text);
}

function refuse(
  { config }: { config: Config },
  response: ServerResponse,
  requestId: string,
  refusal: ApiError,
): void {
  const problem = renderProblem(refusal, requestId, config.publicUrl);
  const headers = { ...headersOf(requestId, 'application/problem+json'), ...refusal.headers };
  response.writeHead(refusal.status, headers).end(JSON.stringify(problem));
}

/** The headers of every answer, the same as on the API's port. */
function headersOf(requestId: string, contentType: string): Record<string, string> {
  return {
    'content-type': contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  };
}
