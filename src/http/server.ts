import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { createRequestId } from '../api/problem.ts';
import type { Route } from '../api/route.ts';
import { EVENT_STREAM, isStreamed, type Streamed } from '../api/streamed.ts';
import { redactSecrets } from '../directory/secret.ts';
import type { Slot } from '../limits/in-flight.ts';
import { PIECE_BYTES } from './connections/limits.ts';
import { toPayload } from './connections/pieces.ts';
import { addDashboard, createNotFoundPage } from './dashboard-files.ts';
import { type ErrorContext, toErrorAnswer } from './error-answer.ts';
import { addMetricsEndpoint } from './metrics/endpoint.ts';
import { preflightHeaders } from './pipeline/cors.ts';
import { createExchange, type Exchange } from './pipeline/exchange.ts';
import type { ServedRoute } from './pipeline/input.ts';
import { answerRequest, prepareRoute } from './pipeline/serve.ts';
import type { Services } from './pipeline/services.ts';
import { openGuardedBody } from './send-streamed.ts';
import { addStrictTransport } from './strict-transport.ts';
import { createUnmatched, findHostError, toPathError } from './unmatched.ts';

/**
 * Returns the HTTP server for these routes, not yet listening. Everything is answered in `onRequest`: later, Fastify
 * checks the Content-Type, which must not come before authentication.
 */
export function createServer(services: Services, routes: readonly Route<Services>[]): FastifyInstance {
  const { config, connections } = services;
  const app = Fastify({
    logger: false,
    genReqId: createRequestId,
    serverFactory: connections.createServer,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 300 },
    // Idle keep-alive connections must not delay a stop.
    forceCloseConnections: 'idle',
    // During a stop, requests on open connections are still answered, then the connection is closed.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => refuse(request, reply, toPathError(error.code)),
    clientErrorHandler: (error, socket) => connections.refuse(error, socket, config.publicUrl),
  });
  const refuse = (request: FastifyRequest, reply: FastifyReply, error: unknown) =>
    sendError(services, { request, reply }, error, {}, { requestId: request.id });
  addStrictTransport(app, config);
  refuseUnmatched(app, services, routes, refuse);
  const stopping = new AbortController();
  // Open streams would delay the stop.
  app.addHook('preClose', (done) => {
    stopping.abort();
    done();
  });
  const served = { services, stopping: stopping.signal };
  for (const route of routes) {
    const add = route.answer.isConstant ? addConstantRoute : addRoute;
    add(app, served, prepareRoute(route));
  }
  addPreflights(app, routes);
  addMetricsEndpoint(app, services, {
    send: (request, reply, { contentType, text: body }) =>
      send(services, request, reply, { status: 200, headers: {}, contentType, body }),
    refuse,
  });
  addDashboard(app, config.dashboardDir, refuse);
  app.setErrorHandler((error, request, reply) => refuse(request, reply, error));
  return app;
}

type Refuse = (request: FastifyRequest, reply: FastifyReply, error: unknown) => void;

/** Answers 404, 405 and a missing Host, counted in the metrics as one route. */
function refuseUnmatched(
  app: FastifyInstance,
  { metrics, config }: Services,
  routes: readonly Route[],
  refuse: Refuse,
): void {
  const toUnmatchedError = createUnmatched(routes);
  const tally = metrics.tallyOf('any', 'unmatched');
  const sendNotFoundPage = createNotFoundPage(config.dashboardDir);
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = findHostError(request) ?? (request.is404 ? toUnmatchedError(request) : undefined);
    if (!refusal) return done();
    if (refusal.status !== 404 || !sendNotFoundPage(request, reply)) refuse(request, reply, refusal);
    tally(refusal.status, 0);
  });
}

const neverReached = () => undefined;

const toFastifyPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** What routes are served with; the signal fires when the server stops. */
type Served = { services: Services; stopping: AbortSignal };

function addRoute(app: FastifyInstance, server: Served, served: ServedRoute): void {
  const { services } = server;
  const { method, path, answer } = served.route;
  const contentType = answer.contentType ?? 'application/json';
  const tally = services.metrics.tallyOf(method, path);
  app.route({
    method,
    url: toFastifyPath(path),
    handler: neverReached,
    onRequest: async (request, reply) => {
      const startedAt = performance.now();
      const { raw, id: requestId } = request;
      const params = request.params as Record<string, string>;
      const incoming = { raw, params, requestId };
      const exchange = createExchange(services, incoming, () => abortOnDisconnect(reply));
      try {
        const body = await answerRequest(services, served, exchange);
        if (exchange.cookies.length > 0) reply.header('set-cookie', exchange.cookies);
        if (isStreamed(body)) sendStreamed(server, request, reply, exchange, body);
        else {
          const { headers } = exchange;
          const status = statusOf(served.route, body);
          send(services, request, reply, {
            status,
            headers,
            contentType,
            body: renderBody(served.route, body),
          });
        }
      } catch (error) {
        const { keyId, personId } = exchange;
        const context = { requestId, route: path, keyId, personId };
        sendError(services, { request, reply }, error, exchange.headers, context);
      } finally {
        if (exchange.slot) releaseOnceSent(exchange.slot, reply.raw);
      }
      const { statusCode } = reply;
      if (exchange.use) services.usage.count(exchange.use, served.route.limit, statusCode);
      tally(statusCode, (performance.now() - startedAt) / 1_000);
      return reply;
    },
  });
}

/** Returns the body as text. Answers repeat what callers sent, and a key may have been sent in the wrong place. */
function renderBody({ answer }: Route, body: unknown): string | undefined {
  if (body === undefined || typeof body === 'string') return body;
  const text = JSON.stringify(body);
  return answer.revealsKey ? text : redactSecrets(text);
}

/** Adds a public route whose answer is always the same: all requests share its bytes. */
function addConstantRoute(app: FastifyInstance, { services }: Served, served: ServedRoute): void {
  const { method, path, answer } = served.route;
  const contentType = answer.contentType ?? 'application/json';
  const tally = services.metrics.tallyOf(method, path);
  let bytes: Buffer | undefined;
  app.route({
    method,
    url: toFastifyPath(path),
    handler: neverReached,
    onRequest: async (request, reply) => {
      const startedAt = performance.now();
      const { raw, id: requestId } = request;
      try {
        const incoming = { raw, params: {}, requestId };
        const exchange = () => createExchange(services, incoming, () => abortOnDisconnect(reply));
        // On the first request: by then the list of routes is complete.
        bytes ??= Buffer.from(
          renderBody(served.route, await answerRequest(services, served, exchange())) ?? '',
        );
        send(services, request, reply, { status: answer.status, headers: {}, contentType, body: bytes });
      } catch (error) {
        sendError(services, { request, reply }, error, {}, { requestId, route: path });
      }
      tally(reply.statusCode, (performance.now() - startedAt) / 1_000);
      return reply;
    },
  });
}

const statusOf = ({ answer }: Route, body: unknown) => (body === undefined ? 204 : answer.status);

/** Returns a signal that fires when the client disconnects before it has its answer. */
function abortOnDisconnect(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (reply.raw.socket?.destroyed !== false) controller.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Releases a slot when its answer is sent, or can no longer be: one that its reader leaves in memory keeps it. */
function releaseOnceSent(slot: Slot, response: ServerResponse): void {
  if (response.destroyed) slot.release();
  else response.once('close', slot.release);
}

/** An answer as it is sent, as text, bytes or a stream; without a body, it has no content type either. */
type Sent = {
  status: number;
  headers: Record<string, string>;
  contentType: string;
  body: string | Buffer | Readable | undefined;
};

function send(
  { connections }: Pick<Services, 'connections'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { status, headers, contentType, body }: Sent,
): void {
  // A connection that stays open would delay the stop.
  if (!request.server.server.listening) reply.header('connection', 'close');
  reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers })
    .header('x-request-id', request.id)
    .headers(body === undefined ? {} : { 'content-type': contentType });
  if (Buffer.isBuffer(body)) sendBytes(reply, body);
  else if (typeof body !== 'string' || body.length <= PIECE_BYTES) reply.send(body);
  else {
    const bytes = Buffer.from(body);
    connections.hold(reply.raw, bytes.length);
    sendBytes(reply, bytes);
  }
}

function sendBytes(reply: FastifyReply, bytes: Buffer): void {
  // Fastify counts the bytes only of what it sends in one piece.
  reply.header('content-length', bytes.length).send(toPayload(bytes));
}

/** No proxy may buffer it, and nothing follows it on its connection, which would delay a stop. */
const STREAM_HEADERS = { connection: 'close', 'x-accel-buffering': 'no' };

/** Sends a streamed answer. HEAD gets its headers only. */
function sendStreamed(
  { services, stopping }: Served,
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
  answer: Streamed,
): void {
  const { contentType } = answer;
  const headers = { ...exchange.headers, ...(contentType === EVENT_STREAM ? STREAM_HEADERS : {}) };
  const body =
    request.method === 'HEAD' ? '' : openGuardedBody(services, exchange, answer, reply.raw, stopping);
  send(services, request, reply, { status: 200, headers, contentType, body });
}

/** Sends the answer to an error; `headers` are those the pipeline has set so far. */
function sendError(
  services: Services,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  error: unknown,
  headers: Record<string, string>,
  context: ErrorContext,
): void {
  const { status, headers: own, text: body } = toErrorAnswer(services, error, context);
  const contentType = 'application/problem+json';
  send(services, request, reply, { status, headers: { ...headers, ...own }, contentType, body });
}

function addPreflights(app: FastifyInstance, routes: readonly Route[]): void {
  const open = routes.filter((route) => route.cors !== 'none');
  for (const [path, samePath] of Map.groupBy(open, (route) => route.path)) {
    app.options(toFastifyPath(path), {
      handler: neverReached,
      onRequest: async (request, reply) =>
        reply
          .code(204)
          .headers({ ...preflightHeaders(samePath), 'x-request-id': request.id })
          .send(),
    });
  }
}
