import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { findDialect } from '../api/dialect.ts';
import { createRequestId } from '../api/problem.ts';
import { listPlaces, type Route } from '../api/route.ts';
import { EVENT_STREAM, isStreamed, type Streamed } from '../api/streamed.ts';
import { redactSecrets } from '../directory/secret.ts';
import type { Slot } from '../limits/in-flight.ts';
import { type MaybePromise, thenMaybe } from '../limits/maybe-promise.ts';
import { abortOnDisconnect } from './abort-on-disconnect.ts';
import { countRefusal } from './count-refusal.ts';
import { addDashboard, sendNotFoundPage } from './dashboard-files.ts';
import { compress, compressStream, type Encoded, isCompressible, precompress } from './encoding/compress.ts';
import { type ErrorContext, toErrorAnswer } from './error-answer.ts';
import { addMetricsEndpoint } from './metrics/endpoint.ts';
import { preflightHeaders } from './pipeline/cors.ts';
import { createExchange, type Exchange } from './pipeline/exchange.ts';
import type { ServedRoute } from './pipeline/input.ts';
import { answerRequest, prepareRoute } from './pipeline/serve.ts';
import type { Services } from './pipeline/services.ts';
import { type Sent, send } from './send.ts';
import { openGuardedBody } from './send-streamed.ts';
import { createStaticFiles, type StaticFiles } from './static-files.ts';
import { addStrictTransport } from './strict-transport.ts';
import { createUnmatched, findHostError, toPathError } from './unmatched.ts';

const neverCompiled = () => {
  throw new Error('Routes are checked and serialized by our own pipeline');
};

/** Fastify's own compilers are never used, and loading them takes a fifth of a start. */
const NO_SCHEMAS: NonNullable<FastifyServerOptions['schemaController']> = {
  compilersFactory: { buildValidator: neverCompiled, buildSerializer: neverCompiled },
};

/**
 * Returns the HTTP server for these routes, not yet listening. Everything is answered in `onRequest`: later, Fastify
 * checks the Content-Type, which must not come before authentication.
 */
export function createServer(services: Services, routes: readonly Route<Services>[]): FastifyInstance {
  const { config, connections } = services;
  const app = Fastify({
    logger: false,
    schemaController: NO_SCHEMAS,
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
  const files = createStaticFiles(config.dashboardDir);
  refuseUnmatched(app, services, routes, { files, refuse });
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
  addDashboard(app, files, refuse);
  app.setErrorHandler((error, request, reply) => refuse(request, reply, error));
  return app;
}

type Refuse = (request: FastifyRequest, reply: FastifyReply, error: unknown) => void;

/** Answers 404 (to people, with a page), 405 and a missing Host, counted in the metrics as one route. */
function refuseUnmatched(
  app: FastifyInstance,
  { metrics }: Services,
  routes: readonly Route[],
  { files, refuse }: { files: StaticFiles; refuse: Refuse },
): void {
  const toUnmatchedError = createUnmatched(routes);
  const tally = metrics.tallyOf('any', 'unmatched');
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = findHostError(request) ?? (request.is404 ? toUnmatchedError(request) : undefined);
    if (!refusal) return done();
    if (refusal.status !== 404 || !sendNotFoundPage(files, request, reply)) refuse(request, reply, refusal);
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
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    const startedAt = performance.now();
    const { raw, id: requestId } = request;
    const params = request.params as Record<string, string>;
    const incoming = { raw, params, requestId };
    const exchange = createExchange(services, incoming, () => abortOnDisconnect(reply));
    let refusal: number | undefined;
    try {
      const body = await answerRequest(services, served, exchange);
      if (isStreamed(body)) sendStreamed(server, { request, reply }, served.route, exchange, body);
      else {
        const { headers, cookies } = exchange;
        const status = statusOf(served.route, body);
        const encoded = await encodeBody(served.route, exchange, renderBody(served.route, body));
        send(services, request, reply, { status, headers, cookies, contentType, ...encoded });
      }
    } catch (error) {
      const { keyId, personId, presentedKey } = exchange;
      const dialect = findDialect(served.route.dialect, exchange.parsedBody?.value);
      const context = { requestId, route: path, keyId, personId, dialect, presentedKey };
      refusal = countRefusal(services, served.route, exchange, error);
      sendError(services, { request, reply }, error, exchange.headers, context);
    } finally {
      if (exchange.slot) releaseOnceSent(exchange.slot, reply.raw);
    }
    const { statusCode } = reply;
    // A dialect may answer another status than that of the error, such as 503 for a key that is disabled.
    if (exchange.use) services.usage.count(exchange.use, served.route.limit, refusal ?? statusCode);
    tally(statusCode, (performance.now() - startedAt) / 1_000);
    return reply;
  };
  addPlaces(app, served.route, onRequest);
}

type OnRequest = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

function addPlaces(app: FastifyInstance, route: Route, onRequest: OnRequest): void {
  for (const { method, path } of listPlaces(route))
    app.route({ method, url: toFastifyPath(path), handler: neverReached, onRequest });
}

/** Returns the body as text. Answers repeat what callers sent, and a key may have been sent in the wrong place. */
function renderBody({ answer }: Route, body: unknown): string | undefined {
  if (body === undefined || typeof body === 'string') return body;
  const text = JSON.stringify(body);
  return answer.revealsKey ? text : redactSecrets(text);
}

/** Returns the body as it is sent: compressed if that is safe, the request accepts it, and it pays. */
function encodeBody(
  route: Route,
  { raw, headers }: Exchange,
  body: string | undefined,
): MaybePromise<Pick<Sent, 'body' | 'encoding' | 'isCompressible'>> {
  // An ETag names the bytes of one encoding, and is compared with If-Match.
  const isCompressed = isCompressible(route, raw.headers) && headers.etag === undefined;
  if (body === undefined || !isCompressed) return { body };
  return thenMaybe(compress(body, raw.headers), (encoded) => ({ ...encoded, isCompressible: true }));
}

/** Any page may read what is public and always the same. */
const CONSTANT_HEADERS = { 'access-control-allow-origin': '*' };

/** Adds a public route whose answer is always the same: all requests share its bytes. */
function addConstantRoute(app: FastifyInstance, { services }: Served, served: ServedRoute): void {
  const { method, path, answer } = served.route;
  const contentType = answer.contentType ?? 'application/json';
  const tally = services.metrics.tallyOf(method, path);
  let encoded: ReturnType<typeof encodeConstant> | undefined;
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    const startedAt = performance.now();
    const { raw, id: requestId } = request;
    try {
      const incoming = { raw, params: {}, requestId };
      const exchange = () => createExchange(services, incoming, () => abortOnDisconnect(reply));
      // On the first request: by then the list of routes is complete. Those that come meanwhile share the work.
      encoded ??= encodeConstant(services, served, exchange());
      const { bytes, encoding } = (await encoded)(raw.headers);
      send(services, request, reply, {
        status: answer.status,
        headers: CONSTANT_HEADERS,
        contentType,
        body: bytes,
        encoding,
        isCompressible: true,
        isShared: true,
      });
    } catch (error) {
      encoded = undefined;
      sendError(services, { request, reply }, error, {}, { requestId, route: path });
    }
    tally(reply.statusCode, (performance.now() - startedAt) / 1_000);
    return reply;
  };
  addPlaces(app, served.route, onRequest);
}

/** Returns the answer of a constant route in every encoding. */
async function encodeConstant(
  services: Services,
  served: ServedRoute,
  exchange: Exchange,
): Promise<(headers: IncomingHttpHeaders) => Encoded> {
  const text = renderBody(served.route, await answerRequest(services, served, exchange)) ?? '';
  return await precompress(Buffer.from(text));
}

function statusOf({ answer }: Route, body: unknown): number {
  if (body === undefined) return 204;
  return answer.pending?.isPending(body) ? 202 : answer.status;
}

/** Releases a slot when its answer is sent, or can no longer be: one that its reader leaves in memory keeps it. */
function releaseOnceSent(slot: Slot, response: ServerResponse): void {
  if (response.destroyed) slot.release();
  else response.once('close', slot.release);
}

/** Proxies must not buffer it: what a proxy has, it sends to its end, although its caller has lost permission. */
const STREAM_HEADERS = { 'x-accel-buffering': 'no' };

/** Sends a streamed answer. HEAD gets its headers only, without a length, which is unknown (RFC 9110 §8.6). */
function sendStreamed(
  { services, stopping }: Served,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  route: Route,
  exchange: Exchange,
  answer: Streamed,
): void {
  const { contentType } = answer;
  const { headers: asked } = exchange.raw;
  // Nothing follows a live stream on its connection, which would delay a stop.
  const close = contentType === EVENT_STREAM ? { connection: 'close' } : {};
  const headers = { ...exchange.headers, ...STREAM_HEADERS, ...close };
  const mayCompress = isCompressible(route, asked);
  const { cookies } = exchange;
  const sent = { status: 200, headers, cookies, contentType, isCompressible: mayCompress };
  if (request.method === 'HEAD') {
    // A stream: of anything else, Fastify sends the length.
    send(services, request, reply, { ...sent, body: Readable.from([]) });
    return;
  }
  const body = openGuardedBody(services, exchange, answer, reply.raw, stopping);
  const encoded = mayCompress ? compressStream(body, contentType, asked) : { body };
  send(services, request, reply, { ...sent, ...encoded });
}

/** Sends the answer to an error; `headers` are those the pipeline has set so far. */
function sendError(
  services: Services,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  error: unknown,
  headers: Record<string, string>,
  context: ErrorContext,
): void {
  const { status, headers: own, text: body, contentType } = toErrorAnswer(services, error, context);
  send(services, request, reply, { status, headers: { ...headers, ...own }, contentType, body });
}

function addPreflights(app: FastifyInstance, routes: readonly Route[]): void {
  const open = routes.filter((route) => route.cors !== 'none');
  for (const [path, places] of Map.groupBy(open.flatMap(listPlaces), (place) => place.path)) {
    app.options(toFastifyPath(path), {
      handler: neverReached,
      onRequest: async (request, reply) =>
        reply
          .code(204)
          .headers({
            ...preflightHeaders(places, request.headers['access-control-request-headers']),
            'x-request-id': request.id,
          })
          .send(),
    });
  }
}
