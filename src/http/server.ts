import { STATUS_CODES } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { newId } from '../lib/id.ts';
import type { Services } from '../services.ts';
import { StorageError } from '../warehouse/storage-error.ts';
import { ApiError, ERRORS } from './errors.ts';
import { preflightHeaders } from './permit.ts';
import { renderProblem } from './problem.ts';
import type { Route } from './route.ts';
import { answerRequest, type Exchange, prepareRoute, type ServedRoute } from './serve.ts';

const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;
/** A client that has not finished sending its request by then is cut off. */
const REQUEST_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 20_000;
const RETRY_AFTER_SECONDS_MAX = 5;

/** Returns the HTTP server over these routes, not yet listening. The only file that knows Fastify, beside main.ts. */
export function createServer(services: Services, routes: readonly Route[]): FastifyInstance {
  const app = Fastify({
    logger: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 300 },
    // Idle keep-alive connections must not hold up a stop.
    forceCloseConnections: 'idle',
    frameworkErrors: (_error, request, reply) => {
      sendError(
        services,
        request,
        reply,
        new ApiError('invalid_encoding', { detail: 'The URL cannot be decoded.' }),
        {},
      );
    },
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(badRequest());
    },
  });
  // The pipeline reads bodies itself, after the limits: nothing may consume them before.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const route of routes) addRoute(app, services, prepareRoute(route));
  addPreflights(app, routes);
  app.setNotFoundHandler((request, reply) => {
    sendError(services, request, reply, noSuchRoute(routes, request), {});
  });
  app.setErrorHandler((error, request, reply) => {
    sendError(services, request, reply, error, {});
  });
  return app;
}

const toFastifyPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1');

function addRoute(app: FastifyInstance, services: Services, served: ServedRoute): void {
  const { method, path, answer } = served.route;
  const contentType = answer.contentType ?? 'application/json';
  app.route({
    method,
    url: toFastifyPath(path),
    handler: async (request, reply) => {
      const exchange = toExchange(request, reply);
      try {
        const body = await answerRequest(services, served, exchange);
        send(request, reply, answer.status, exchange.headers, contentType, body);
      } catch (error) {
        sendError(services, request, reply, error, exchange.headers, { route: path, keyId: exchange.keyId });
      }
      return reply;
    },
  });
}

function toExchange(request: FastifyRequest, reply: FastifyReply): Exchange {
  const { raw } = request;
  const url = raw.url ?? '';
  const mark = url.indexOf('?');
  return {
    raw,
    params: request.params as Record<string, string>,
    search: mark === -1 ? '' : url.slice(mark + 1),
    get signal() {
      return abortedOnHangUp(reply);
    },
    headers: {},
    keyId: undefined,
  };
}

/** Made only for handlers that ask: most requests are answered before anyone could hang up. */
function abortedOnHangUp(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
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
  reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers })
    .header('x-request-id', requestIdOf(request))
    .header('content-type', contentType)
    .send(typeof body === 'string' ? body : JSON.stringify(body));
}

const requestIds = new WeakMap<FastifyRequest, string>();

function requestIdOf(request: FastifyRequest): string {
  const known = requestIds.get(request);
  if (known) return known;
  const sent = request.headers['x-request-id'];
  const id = typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : newId('req');
  requestIds.set(request, id);
  return id;
}

type Context = { route?: string; keyId?: string | undefined };

function sendError(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  headers: Record<string, string>,
  context: Context = {},
): void {
  const apiError = toApiError(error);
  const requestId = requestIdOf(request);
  if (apiError.status >= 500) services.log.error({ requestId, ...context, err: error }, apiError.code);
  const problem = renderProblem(apiError, requestId, services.config.publicUrl);
  send(
    request,
    reply,
    apiError.status,
    { ...headers, ...apiError.headers },
    'application/problem+json',
    problem,
  );
}

/** What is not an ApiError says nothing to the caller but its kind: no message, no stack, no SQL leaves the process. */
function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (!(error instanceof StorageError)) return new ApiError('internal', { cause: error });
  const code = (
    { unavailable: 'storage_unavailable', timeout: 'query_timeout', busy: 'overloaded' } as const
  )[error.reason];
  // Jitter, so that refused clients do not come back all at once.
  const seconds = 1 + Math.floor(Math.random() * RETRY_AFTER_SECONDS_MAX);
  return new ApiError(code, { headers: { 'retry-after': String(seconds) }, cause: error });
}

const patternOf = (path: string) =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

/** 405 when the path exists for other methods, 404 otherwise: the same for everyone, key or no key. */
function noSuchRoute(routes: readonly Route[], request: FastifyRequest): ApiError {
  const path = (request.raw.url ?? '').split('?', 1)[0] ?? '';
  const methods = routes.filter((route) => patternOf(route.path).test(path)).map((route) => route.method);
  if (methods.length === 0) return new ApiError('not_found', { detail: 'There is nothing at this path.' });
  const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
  return new ApiError('method_not_allowed', {
    detail: `${request.method} is not possible here; use ${allow.join(', ')}.`,
    headers: { allow: allow.join(', ') },
  });
}

function addPreflights(app: FastifyInstance, routes: readonly Route[]): void {
  const open = routes.filter((route) => route.cors !== 'none');
  for (const [path, samePath] of Map.groupBy(open, (route) => route.path)) {
    app.options(toFastifyPath(path), (_request, reply) =>
      reply.code(204).headers(preflightHeaders(samePath)).send(),
    );
  }
}

/** The answer to bytes that are not HTTP: there is no request to answer, so it is written by hand. */
function badRequest(): string {
  const body = JSON.stringify({
    type: 'about:blank',
    title: ERRORS.invalid_encoding.title,
    status: 400,
    code: 'invalid_encoding',
  });
  const head = `HTTP/1.1 400 ${STATUS_CODES[400]}\r\nContent-Type: application/problem+json\r\nConnection: close`;
  return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
