import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../api/errors.ts';

/** The pages of the dashboard. Which of them exists in full is its own router's to say: each answers the same file. */
export const DASHBOARD_PATHS = ['/', '/sign-in', '/setup', '/invite', '/reset', '/account', '/p/*'] as const;

/**
 * Nothing but this server's own files and answers. Styles may stand in the page: the dialogs measure the scroll bar
 * and write a rule for it, which no file or nonce can hold. Scripts never may.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

const FILE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

const PAGE_HEADERS = {
  ...FILE_HEADERS,
  'cache-control': 'no-cache',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

type Refuse = (request: FastifyRequest, reply: FastifyReply, error: ApiError) => void;

const NOT_BUILT = 'The dashboard is not built. Build it with `npm run build`.';

/** A file of the build by its own name: no path, nothing hidden, none of the compressed copies beside it. */
const ASSET = /^\w[\w.-]*(?<!\.(?:br|gz))$/;

/**
 * Adds the dashboard built into `dir`: its one page at every path of `DASHBOARD_PATHS`, asked for anew each time, and
 * its files under `/assets`, whose names change with their content, kept for a year. What was compressed at build is
 * sent so. Each is looked for when it is asked for: a build made while the server runs is served at once. Without a
 * build those paths say how to make one, and everything else works.
 */
export function addDashboard(app: FastifyInstance, dir: string, refuse: Refuse): void {
  const refuseFile = (request: FastifyRequest, reply: FastifyReply) =>
    refuse(request, reply, new ApiError('not_found', { detail: 'There is nothing at this path.' }));
  // A file that is not there; paths that are no route never come so far.
  app.setNotFoundHandler(refuseFile);
  void app.register((scope, _options, done) => {
    scope.addHook('onRequest', (request, reply, next) => {
      reply.header('x-request-id', request.id);
      // A connection that stayed open would hold up the stop.
      if (!app.server.listening) reply.header('connection', 'close');
      next();
    });
    void scope.register(fastifyStatic, { root: dir, serve: false, preCompressed: true });
    scope.get<{ Params: { file: string } }>('/assets/:file', (request, reply) => {
      const { file } = request.params;
      if (!ASSET.test(file)) return refuseFile(request, reply);
      return reply.headers(FILE_HEADERS).sendFile(`assets/${file}`, { immutable: true, maxAge: '1y' });
    });
    for (const path of DASHBOARD_PATHS) {
      scope.get(path, (request, reply) => {
        if (existsSync(join(dir, 'index.html')))
          return reply.headers(PAGE_HEADERS).sendFile('index.html', { cacheControl: false });
        return refuse(request, reply, new ApiError('not_found', { detail: NOT_BUILT }));
      });
    }
    done();
  });
}
