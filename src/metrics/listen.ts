import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Services } from '../services.ts';
import { judgeToken } from './access.ts';

/** The port of its own that METRICS_PORT asks for. */
export type MetricsListener = { url: string; close: () => Promise<void> };

/** Listens on METRICS_PORT and tells the numbers there; undefined when none is set. Rejects when the port is taken. */
export async function listenForMetrics(services: Services): Promise<MetricsListener | undefined> {
  const { metricsPort, host } = services.config;
  if (metricsPort === undefined) return undefined;
  const server = createServer((request, response) => {
    answer(services, request, response).catch((error: unknown) => {
      services.log.error({ err: error }, 'the metrics cannot be told');
      response.writeHead(500).end();
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
  { config, metrics }: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path] = (request.url ?? '').split('?', 1);
  if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
    response.writeHead(404).end();
  } else if (judgeToken(request, config.metricsToken) !== 'allowed') {
    response.writeHead(401, { 'www-authenticate': 'Bearer realm="appflow metrics"' }).end();
  } else {
    const text = await metrics.render();
    response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text);
  }
}
