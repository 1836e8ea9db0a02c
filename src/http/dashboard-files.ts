import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, pathNotFound } from '../api/errors.ts';
import { toPayload } from './connections/pieces.ts';
import type { StaticFile, StaticFiles } from './static-files.ts';
import { pathOf } from './unmatched.ts';

/** The dashboard's pages. All answer the same file: its router decides which page a path shows. */
export const DASHBOARD_PATHS = [
  '/',
  '/sign-in',
  '/setup',
  '/invite',
  '/reset',
  '/account',
  '/installation',
  '/new-project',
  '/p/*',
] as const;

/** The documentation. Its pages are files of the build, `docs/SLUG.html`. */
const DOCS_PATHS = ['/docs', '/docs/*'] as const;

/** The address of a page below `/docs`. */
const DOCS_PAGE = /^[a-z\d-]+(?:\/[a-z\d-]+)?$/;

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

const PAGE_HEADERS = {
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
 * Adds the dashboard from the `files` of its build: its page at every path of `DASHBOARD_PATHS`, revalidated each time, the pages
 * of the documentation under `/docs` likewise, and their files under `/assets`, whose names change with their content, cached for a year. Files compressed by the build are sent
 * compressed. Each file is looked up per request, so a build that finishes while the server runs is served immediately.
 * Without a build, those paths answer 404 with how to build it, and everything else works.
 */
export function addDashboard(app: FastifyInstance, files: StaticFiles, refuse: RefuseWith): void {
  const refuseFile = (request: FastifyRequest, reply: FastifyReply) => refuse(request, reply, pathNotFound());
  // For missing files; a path without a route is refused before this.
  app.setNotFoundHandler(refuseFile);
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
    addDocs(scope, files, refuseFile);
    done();
  });
}

type RefuseFile = (request: FastifyRequest, reply: FastifyReply) => void;

function addDocs(scope: FastifyInstance, files: StaticFiles, refuseFile: RefuseFile): void {
  for (const path of DOCS_PATHS) {
    scope.get<{ Params: { '*'?: string } }>(path, (request, reply) => {
      const page = request.params['*'] || 'index';
      const file = DOCS_PAGE.test(page)
        ? files.find(`docs/${page}.html`, acceptEncodingOf(request))
        : undefined;
      if (file) return sendFile(request, reply, file, PAGE_HEADERS);
      return sendNotFoundPage(files, request, reply) ? reply : refuseFile(request, reply);
    });
  }
}

/** Paths of programs, not of pages. */
const PROGRAM_PATH = /^\/(?:v1|app|assets|metrics|\.well-known)(?:\/|$)/;

/** Whether a browser opens the address as a page: programs do not accept HTML. */
function isPageView({ method, url, headers }: FastifyRequest): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && !PROGRAM_PATH.test(pathOf(url)) && (headers.accept?.includes('text/html') ?? false);
}

/**
 * Answers a browser at an unknown address with 404 and the page of the dashboard or the documentation that says so. Returns
 * false, and sends nothing, for programs and without a build.
 */
export function sendNotFoundPage(files: StaticFiles, request: FastifyRequest, reply: FastifyReply): boolean {
  const name = request.url.startsWith('/docs/') ? 'docs/not-found.html' : 'index.html';
  const file = isPageView(request) ? files.find(name, acceptEncodingOf(request)) : undefined;
  if (!file) return false;
  // A connection that stays open would delay the stop.
  if (!request.server.server.listening) reply.header('connection', 'close');
  const { bytes, contentType, encoding } = file;
  reply.headers({ ...PAGE_HEADERS, 'x-request-id': request.id, vary: 'accept, accept-encoding' });
  void sendBytes(reply.code(404), { bytes, contentType, encoding });
  return true;
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
  return sendBytes(reply, { bytes, contentType, encoding });
}

type Content = Pick<StaticFile, 'bytes' | 'contentType' | 'encoding'>;

function sendBytes(reply: FastifyReply, { bytes, contentType, encoding }: Content): FastifyReply {
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  // Fastify counts the bytes only of what it sends in one piece.
  reply.headers({ 'content-type': contentType, 'content-length': bytes.length });
  return reply.send(toPayload(bytes));
}
