import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../api/errors.ts';
import { toPayload } from './connections/pieces.ts';
import { createStaticFiles, type StaticFile } from './static-files.ts';

/** The dashboard's pages. All answer the same file: its router decides which page a path shows. */
export const DASHBOARD_PATHS = ['/', '/sign-in', '/setup', '/invite', '/reset', '/account', '/p/*'] as const;

/**
 * Only this server's own files and answers. Inline styles are allowed: the dialogs measure the scroll bar and write a
 * rule for it, which cannot come from a file or have a nonce. Inline scripts are not.
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

/** The name of a file of the build changes with its content. */
const ASSET_HEADERS = { ...FILE_HEADERS, 'cache-control': 'public, max-age=31536000, immutable' };

/** The headers of a page. */
export const PAGE_HEADERS = {
  ...FILE_HEADERS,
  'cache-control': 'no-cache',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

type RefuseWith = (request: FastifyRequest, reply: FastifyReply, error: ApiError) => void;

const NOT_BUILT = 'The dashboard is not built. Build it with `npm run build`.';

/** The name of a file of the build: no path, no hidden file, and none of the compressed copies. */
const ASSET = /^\w[\w.-]*(?<!\.(?:br|gz))$/;

/**
 * Adds the dashboard built into `dir`: its page at every path of `DASHBOARD_PATHS`, revalidated each time, and its files
 * under `/assets`, whose names change with their content, cached for a year. Files compressed by the build are sent
 * compressed. Each file is looked up per request, so a build that finishes while the server runs is served immediately.
 * Without a build, those paths answer 404 with how to build it, and everything else works.
 */
export function addDashboard(app: FastifyInstance, dir: string, refuse: RefuseWith): void {
  const refuseFile = (request: FastifyRequest, reply: FastifyReply) =>
    refuse(request, reply, new ApiError('not_found', { detail: 'There is nothing at this path.' }));
  // For missing files; a path without a route is refused before this.
  app.setNotFoundHandler(refuseFile);
  const files = createStaticFiles(dir);
  void app.register((scope, _options, done) => {
    scope.addHook('onRequest', (request, reply, next) => {
      reply.header('x-request-id', request.id);
      // A connection that stays open would delay the stop.
      if (!app.server.listening) reply.header('connection', 'close');
      next();
    });
    scope.get<{ Params: { file: string } }>('/assets/:file', (request, reply) => {
      const { file: name } = request.params;
      const file = ASSET.test(name) ? files.find(`assets/${name}`, acceptEncodingOf(request)) : undefined;
      return file ? sendFile(request, reply, file, ASSET_HEADERS) : refuseFile(request, reply);
    });
    for (const path of DASHBOARD_PATHS) {
      scope.get(path, (request, reply) => {
        const file = files.find('index.html', acceptEncodingOf(request));
        if (file) return sendFile(request, reply, file, PAGE_HEADERS);
        return refuse(request, reply, new ApiError('not_found', { detail: NOT_BUILT }));
      });
    }
    done();
  });
}

const acceptEncodingOf = ({ headers }: FastifyRequest) => headers['accept-encoding']?.toString();

/** Sends a file, or 304 if the browser has it. */
function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { bytes, contentType, encoding, etag }: StaticFile,
  headers: Record<string, string>,
): FastifyReply {
  reply.headers(headers).headers({ etag, vary: 'accept-encoding' });
  const known = request.headers['if-none-match']?.split(',').map((entry) => entry.trim());
  if (known?.some((entry) => entry === etag || entry === '*')) return reply.code(304).send();
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  // Fastify counts the bytes only of what it sends in one piece.
  reply.headers({ 'content-type': contentType, 'content-length': bytes.length });
  return reply.send(toPayload(bytes));
}
