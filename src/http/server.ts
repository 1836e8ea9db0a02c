import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { createRequestId } from '../api/problem.ts';
import type { Route } from '../api/route.ts';
import { EVENT_STREAM, isStreamed, type Streamed } from '../api/streamed.ts';
import { redactSecrets } from '../directory/secret.ts';
import { addDashboard } from './dashboard-files.ts';
import { type ErrorContext, toErrorAnswer } from './error-answer.ts';
import { addMetricsEndpoint } from './metrics/endpoint.ts';
import { preflightHeaders } from './pipeline/cors.ts';
import { createExchange, type Exchange } from './pipeline/exchange.ts';
import type { ServedRoute } from './pipeline/input.ts';
import { answerRequest, prepareRoute } from './pipeline/serve.ts';
import type { Services } from './pipeline/services.ts';
import { openGuardedBody } from './send-streamed.ts';
import { addStrictTransport } from './strict-transport.ts';
import { createUnmatched, findHostError, renderBadRequest, toPathError } from './unmatched.ts';

/** A client that takes longer to send its request is disconnected. */
const REQUEST_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 20_000;

/**
 * Returns the HTTP server for these routes, not yet listening. Everything is answered in `onRequest`: later, Fastify
 * checks the Content-Type, which must not come before authentication.
 */
export function createServer(services: Services, routes: readonly Route<Services>[]): FastifyInstance {
  const app = Fastify({
    logger: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: createRequestId,
    // A missing Host is rejected below, with a body like every error.
    http: { headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false },
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 300 },
    // Idle keep-alive connections must not delay a stop.
    forceCloseConnections: 'idle',
    // During a stop, requests on open connections are still answered, then the connection is closed.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => refuse(request, reply, toPathError(error.code)),
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(renderBadRequest(services.config.publicUrl));
    },
  });
  // Expectations other than 100-continue may be ignored (RFC 9110 §10.1.1); Node would answer 417 without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  const refuse = (request: FastifyRequest, reply: FastifyReply, error: unknown) =>
    sendError(services, { request, reply }, error, {}, { requestId: request.id });
  addStrictTransport(app, services.config);
  refuseUnmatched(app, services, routes, refuse);
  const stopping = new AbortController();
  // Open streams would delay the stop.
  app.addHook('preClose', (done) => {
    stopping.abort();
    done();
  });
  for (const route of routes) addRoute(app, { services, stopping: stopping.signal }, prepareRoute(route));
  addPreflights(app, routes);
  addMetricsEndpoint(app, services, {
    send: (request, reply, { contentType, text: body }) =>
      send(request, reply, { status: 200, headers: {}, contentType, body }),
    refuse,
  });
  addDashboard(app, services.config.dashboardDir, refuse);
  app.setErrorHandler((error, request, reply) => refuse(request, reply, error));
  return app;
}

type Refuse = (request: FastifyRequest, reply: FastifyReply, error: unknown) => void;

/** Answers 404, 405 and a missing Host, counted in the metrics as one route. */
function refuseUnmatched(
  app: FastifyInstance,
  { metrics }: Services,
  routes: readonly Route[],
  refuse: Refuse,
): void {
  const toUnmatchedError = createUnmatched(routes);
  const tally = metrics.tallyOf('any', 'unmatched');
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = request.is404 ? toUnmatchedError(request) : findHostError(request);
    if (!refusal) return done();
    refuse(request, reply, refusal);
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
          send(request, reply, { status, headers, contentType, body: renderBody(served.route, body) });
        }
      } catch (error) {
        const { keyId, personId } = exchange;
        const context = { requestId, route: path, keyId, personId };
        sendError(services, { request, reply }, error, exchange.headers, context);
      } finally {
        // A stream goes on, and releases its slot when it ends.
        if (exchange.streamPermission === undefined) exchange.slot?.release();
      }
      const { statusCode } = reply;
      if (exchange.use) services.usage.count(exchange.use, served.route.limit, statusCode);
      tally(statusCode, (performance.now() - startedAt) / 1_000);
      return reply;
    },
  });
}

/** Returns the body as text. Answers repeat what callers sent, and a key may have been sent in the wrong place. */
function renderBody({ answer }: Route, body: unknown): unknown {
  if (body === undefined || typeof body === 'string') return body;
  const text = JSON.stringify(body);
  return answer.revealsKey ? text : redactSecrets(text);
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

/** An answer as it is sent, as text or a stream; without a body, it has no content type either. */
type Sent = { status: number; headers: Record<string, string>; contentType: string; body: unknown };

function send(
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
    .headers(body === undefined ? {} : { 'content-type': contentType })
    .send(body);
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
  const isHead = request.method === 'HEAD';
  if (isHead) exchange.slot?.release();
  const body = isHead ? '' : openGuardedBody(services, exchange, answer, reply.raw, stopping);
  send(request, reply, { status: 200, headers, contentType, body });
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
  send(request, reply, { status, headers: { ...headers, ...own }, contentType, body });
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
