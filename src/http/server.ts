import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Fastify from 'fastify';
import { ApiError } from '../api/errors.ts';
import { renderProblem, requestIdOf } from '../api/problem.ts';
import type { Route } from '../api/route.ts';
import { EVENT_STREAM, isStreamed, type Streamed } from '../api/streamed.ts';
import { redactSecrets } from '../directory/secret.ts';
import { StorageError } from '../lib/storage-error.ts';
import { addDashboard } from './dashboard-files.ts';
import { addMetricsEndpoint } from './metrics/endpoint.ts';
import { preflightHeaders } from './pipeline/cors.ts';
import type { Exchange } from './pipeline/exchange.ts';
import { isOverloaded, retryWithJitter } from './pipeline/overload.ts';
import { answerRequest, prepareRoute, type ServedRoute } from './pipeline/serve.ts';
import type { Services } from './pipeline/services.ts';
import { openBody } from './send-streamed.ts';
import { addStrictTransport } from './strict-transport.ts';
import { badRequest, findHostError, noSuchRoute, toPathError } from './unmatched.ts';

/** A client that has not finished sending its request by then is cut off. */
const REQUEST_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 20_000;

/**
 * Returns the HTTP server over these routes, not yet listening. The only file that knows Fastify.
 * Everything is answered in `onRequest`: later, Fastify judges the Content-Type, and that must not overtake the key.
 */
export function createServer(services: Services, routes: readonly Route<Services>[]): FastifyInstance {
  const app = Fastify({
    logger: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A missing Host is refused below, with a body like every refusal.
    http: { headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false },
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 300 },
    // Idle keep-alive connections must not hold up a stop.
    forceCloseConnections: 'idle',
    // While stopping, what still arrives on a live connection is answered, then the connection is closed.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      sendError(services, request, reply, toPathError(error.code), {});
    },
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(badRequest(services.config.publicUrl));
    },
  });
  // Expectations other than 100-continue may be ignored (RFC 9110 §10.1.1); Node would answer 417 with no body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  const refuse = (request: FastifyRequest, reply: FastifyReply, error: unknown) =>
    sendError(services, request, reply, error, {});
  addStrictTransport(app, services.config);
  const tallyUnmatched = services.metrics.tallyOf('any', 'unmatched');
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = request.is404 ? noSuchRoute(routes, request) : findHostError(request);
    if (!refusal) return done();
    refuse(request, reply, refusal);
    tallyUnmatched(refusal.status, 0);
  });
  const stopping = new AbortController();
  // Open streams would hold up the stop.
  app.addHook('preClose', (done) => {
    stopping.abort();
    done();
  });
  for (const route of routes) addRoute(app, { services, stopping: stopping.signal }, prepareRoute(route));
  addPreflights(app, routes);
  addMetricsEndpoint(app, services, {
    send: (request, reply, { contentType, text }) => send(request, reply, 200, {}, contentType, text),
    refuse,
  });
  addDashboard(app, services.config.dashboardDir, refuse);
  app.setErrorHandler((error, request, reply) => refuse(request, reply, error));
  return app;
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
      const exchange = toExchange(request, reply);
      try {
        const body = await answerRequest(services, served, exchange);
        if (exchange.cookies.length > 0) reply.header('set-cookie', exchange.cookies);
        if (isStreamed(body)) sendStreamed(server, request, reply, exchange, body);
        else send(request, reply, statusOf(served.route, body), exchange.headers, contentType, body);
      } catch (error) {
        sendError(services, request, reply, error, exchange.headers, {
          route: path,
          ...toLogContext(exchange),
        });
      } finally {
        // What is streamed runs on, and gives its slot back when it ends.
        if (exchange.streamPermission === undefined) exchange.slot?.release();
      }
      const { statusCode } = reply;
      if (exchange.use) services.usage.count(exchange.use, served.route.limit, statusCode);
      tally(statusCode, (performance.now() - startedAt) / 1_000);
      return reply;
    },
  });
}

const statusOf = ({ answer }: Route, body: unknown) => (body === undefined ? 204 : answer.status);

function toExchange(request: FastifyRequest, reply: FastifyReply): Exchange {
  const { raw } = request;
  const url = raw.url ?? '';
  const mark = url.indexOf('?');
  return {
    raw,
    params: request.params as Record<string, string>,
    search: mark === -1 ? '' : url.slice(mark + 1),
    get signal() {
      return abortOnDisconnect(reply);
    },
    headers: {},
    cookies: [],
    requestId: requestIdOf(request.raw),
    keyId: undefined,
    personId: undefined,
    use: undefined,
    slot: undefined,
    streamPermission: undefined,
  };
}

/** Returns a signal that fires when the caller goes away before it has its answer. */
function abortOnDisconnect(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (reply.raw.socket?.destroyed !== false) controller.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  headers: Record<string, string>,
  contentType: string,
  body: unknown,
): void {
  // A connection that stayed open would hold up the stop.
  if (!request.server.server.listening) reply.header('connection', 'close');
  reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers })
    .header('x-request-id', requestIdOf(request.raw))
    .headers(body === undefined ? {} : { 'content-type': contentType })
    .send(typeof body === 'string' || body instanceof Readable ? body : JSON.stringify(body));
}

/** Sends an answer that takes its time. HEAD is told what it would be, and none of it is made. */
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
  const body = isHead ? '' : openBody(services, exchange, answer, reply.raw, stopping);
  send(request, reply, 200, headers, contentType, body);
}

/** No proxy may gather it up, and nothing follows it on its connection, which would hold up a stop. */
const STREAM_HEADERS = { connection: 'close', 'x-accel-buffering': 'no' };

type Context = { route?: string; keyId?: string | undefined; personId?: string | undefined };

const toLogContext = ({ keyId, personId }: Exchange): Context => ({ keyId, personId });

function sendError(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  headers: Record<string, string>,
  context: Context = {},
): void {
  const apiError = toApiError(error);
  const requestId = requestIdOf(request.raw);
  if (apiError.status >= 500 && !isClientAbort(error) && !isOverloaded(error)) {
    // Refusing work that is too much, or comes while the server stops, is no defect.
    const level = apiError.code === 'overloaded' ? 'warn' : 'error';
    services.log[level]({ requestId, ...context, ...toLogFields(error) }, apiError.code);
  }
  const problem = renderProblem(apiError, requestId, services.config.publicUrl);
  send(
    request,
    reply,
    apiError.status,
    { ...headers, ...apiError.headers },
    'application/problem+json',
    redactSecrets(JSON.stringify(problem)),
  );
}

/** The caller went away and its query was stopped: nobody reads the answer, and nothing is wrong. */
const isClientAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || isClientAbort(error.cause));

const REASON_CHARACTERS_MAX = 500;

/** A store in trouble is no mistake in the code: one line with every cause's sentence, as it comes with each request. */
function toLogFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof StorageError)) return { err: error };
  const sentences: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) sentences.push(at.message);
  return { reason: sentences.join(': ').slice(0, REASON_CHARACTERS_MAX) };
}

/** What is not an ApiError says nothing to the caller but its kind: no message, no stack, no SQL leaves the process. */
function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (!(error instanceof StorageError)) return new ApiError('internal', { cause: error });
  const code = (
    { unavailable: 'storage_unavailable', timeout: 'query_timeout', busy: 'overloaded' } as const
  )[error.reason];
  return new ApiError(code, { headers: retryWithJitter(), cause: error });
}

function addPreflights(app: FastifyInstance, routes: readonly Route[]): void {
  const open = routes.filter((route) => route.cors !== 'none');
  for (const [path, samePath] of Map.groupBy(open, (route) => route.path)) {
    app.options(toFastifyPath(path), {
      handler: neverReached,
      onRequest: async (request, reply) =>
        reply
          .code(204)
          .headers({ ...preflightHeaders(samePath), 'x-request-id': requestIdOf(request.raw) })
          .send(),
    });
  }
}
