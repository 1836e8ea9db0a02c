import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { renderProblem } from '../../src/api/problem.ts';
import { addDashboard, DASHBOARD_PATHS } from '../../src/http/dashboard-files.ts';
import { createStaticFiles } from '../../src/http/static-files.ts';
import { startServer } from '../../src/server/start.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, makeConfig, makeTempDir } from '../support/harness.ts';

const PAGE = '<!doctype html><title>Appflow</title>'.padEnd(400, ' ');
const SCRIPT = 'console.log("dashboard");'.repeat(20);
const PAGES = [
  '/',
  '/sign-in',
  '/setup',
  '/invite',
  '/reset',
  '/account',
  '/installation',
  '/new-project',
  '/p/proj_1/overview?range=7d',
  '/p/a/b/c',
];

const dir = makeTempDir();

function writeBoth(file: string, text: string): void {
  writeFileSync(file, text);
  writeFileSync(`${file}.br`, brotliCompressSync(text));
  writeFileSync(`${file}.gz`, gzipSync(text));
}

mkdirSync(join(dir, 'assets'));
mkdirSync(join(dir, 'docs/api'), { recursive: true });
writeBoth(join(dir, 'index.html'), PAGE);
writeBoth(join(dir, 'assets/index-AbCd1234.js'), SCRIPT);
writeFileSync(join(dir, 'assets/font-AbCd1234.woff2'), 'font');
writeFileSync(join(dir, 'assets/.hidden.js'), 'not to be served');
writeFileSync(join(dir, 'secret.txt'), 'not to be served');
for (const name of ['index', 'metrics', 'api', 'api/events', 'not-found']) {
  writeBoth(join(dir, `docs/${name}.html`), `<!doctype html><title>${name}</title>`.padEnd(400, ' '));
}

const server = await startServer({ ...makeConfig(), dashboardDir: dir });
cleanUp(() => server.stop());
const api = connect(server.url);

it('serves every dashboard page from one file that browsers revalidate each time', async () => {
  for (const path of PAGES) {
    const { status, text, headers } = await api.call('GET', path);
    assert.equal(status, 200, path);
    assert.equal(text, PAGE, path);
    assert.match(headers.get('content-type') ?? '', /^text\/html; charset=utf-8$/i);
    assert.equal(headers.get('cache-control'), 'no-cache');
    assert.match(headers.get('x-request-id') ?? '', /^req_/);
  }
});

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

// A person who opened /settings or /p saw raw JSON.
it('answers a browser at an unknown address with 404 and the page that says so', async () => {
  for (const path of ['/settings', '/p', '/doc', '/p?x=1', '/anything/else', '/apps']) {
    for (const method of ['GET', 'HEAD']) {
      const { status, text, headers } = await api.call(method, path, { headers: HTML });
      assert.equal(status, 404, path);
      assert.equal(text, method === 'GET' ? PAGE : '', path);
      assert.match(headers.get('content-type') ?? '', /^text\/html/);
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'self'/);
      assert.match(headers.get('vary') ?? '', /accept\b/);
      assert.match(headers.get('x-request-id') ?? '', /^req_/);
    }
  }
});

it('answers programs at an unknown address, and browsers under the paths of programs, with a problem', async () => {
  const programs = { accept: 'application/json' };
  for (const [method, path, headers] of [
    ['GET', '/settings', programs],
    ['GET', '/settings', { accept: '*/*' }],
    ['POST', '/settings', HTML],
    ['GET', '/v1/nothing', HTML],
    ['GET', '/v1', HTML],
    ['GET', '/app/v1/nothing', HTML],
    ['GET', '/assets/nothing.js', HTML],
    ['GET', '/.well-known/nothing', HTML],
  ] as const) {
    const answer = await api.call(method, path, { headers });
    assert.equal(answer.status, 404, path);
    assert.equal(answer.body.code, 'not_found', path);
  }
});

it('serves each page of the docs from its own file, with the headers of a page', async () => {
  for (const [path, title] of [
    ['/docs', 'index'],
    ['/docs/', 'index'],
    ['/docs/metrics?x=1', 'metrics'],
    ['/docs/api', 'api'],
    ['/docs/api/events', 'api/events'],
  ] as const) {
    const { status, text, headers } = await api.call('GET', path, { headers: HTML });
    assert.equal(status, 200, path);
    assert.ok(text.includes(`<title>${title}</title>`), path);
    assert.equal(headers.get('cache-control'), 'no-cache');
    assert.match(headers.get('content-security-policy') ?? '', /script-src 'self';/);
  }
});

it('answers 404 under /docs for every other path: to browsers with a page, to programs with a problem', async () => {
  const paths = [
    'nothing',
    'metrics.html',
    'metrics/',
    'Metrics',
    'api/events/x',
    '..%2fsecret',
    'metrics%00',
  ];
  for (const path of paths) {
    const page = await api.call('GET', `/docs/${path}`, { headers: HTML });
    assert.equal(page.status, 404, path);
    assert.ok(page.text.includes('<title>not-found</title>'), path);
    const problem = await api.call('GET', `/docs/${path}`);
    assert.equal(problem.status, 404, path);
    assert.equal(problem.body.code, 'not_found', path);
  }
});

it('sets headers against foreign scripts, inline scripts, framing and leaking referrers', async () => {
  const { headers } = await api.call('GET', '/p/proj_1/live');
  const policy = headers.get('content-security-policy') ?? '';
  const rules = new Map(
    policy.split('; ').map((rule) => [rule.split(' ', 1)[0], rule.split(' ').slice(1).join(' ')]),
  );
  assert.equal(rules.get('default-src'), "'self'");
  assert.equal(rules.get('script-src'), "'self'");
  assert.equal(rules.get('connect-src'), "'self'");
  assert.equal(rules.get('frame-ancestors'), "'none'");
  assert.equal(rules.get('base-uri'), "'none'");
  assert.equal(rules.get('form-action'), "'self'");
  assert.equal(headers.get('x-frame-options'), 'DENY');
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('referrer-policy'), 'same-origin');
  assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
});

it('answers 304 if a page has not changed', async () => {
  const first = await api.call('GET', '/sign-in');
  const again = await api.call('GET', '/p/proj_1/apps', {
    // Without an explicit cache-control, fetch sends no-cache.
    headers: { 'if-none-match': first.headers.get('etag') ?? '', 'cache-control': 'max-age=0' },
  });
  assert.equal(again.status, 304);
  assert.equal(again.text, '');
});

it('lets browsers cache build files for a year', async () => {
  const { status, text, headers } = await api.call('GET', '/assets/index-AbCd1234.js');
  assert.equal(status, 200);
  assert.equal(text, SCRIPT);
  assert.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.match(headers.get('content-type') ?? '', /^(text|application)\/javascript/);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
});

it('serves files compressed at build time in an encoding that the browser accepts', async () => {
  for (const path of ['/', '/assets/index-AbCd1234.js']) {
    for (const [accepted, encoding] of [
      ['br, gzip', 'br'],
      ['gzip', 'gzip'],
      ['identity', null],
    ] as const) {
      const { headers, text } = await api.call('GET', path, { headers: { 'accept-encoding': accepted } });
      assert.equal(headers.get('content-encoding'), encoding, `${path} for ${accepted}`);
      assert.match(headers.get('vary') ?? '', /accept-encoding/i);
      // fetch has already decompressed the text.
      assert.equal(text, path === '/' ? PAGE : SCRIPT);
    }
  }
});

it('answers HEAD with the headers of GET and no body', async () => {
  for (const path of ['/', '/p/proj_1/docs', '/assets/index-AbCd1234.js', '/assets/font-AbCd1234.woff2']) {
    const [head, get] = await Promise.all([api.call('HEAD', path), api.call('GET', path)]);
    assert.equal(head.status, 200, path);
    assert.equal(head.text, '');
    for (const name of [
      'content-type',
      'content-length',
      'cache-control',
      'etag',
      'content-security-policy',
    ]) {
      assert.equal(head.headers.get(name), get.headers.get(name), `${name} of ${path}`);
    }
  }
});

it('returns 404 as a problem document for every other path, including path traversal', async () => {
  const paths = [
    '/index.html',
    '/secret.txt',
    '/assets',
    '/assets/',
    '/assets/index-00000000.js',
    '/assets/index-AbCd1234.js.br',
    '/assets/index-AbCd1234.js.gz',
    '/assets/.hidden.js',
    '/assets/%2e%2e%2fassets%2findex-AbCd1234.js',
    '/assets/index-AbCd1234.js%00',
    '/assets/index-AbCd1234.js/',
    '/assets/..%2fsecret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets//index-AbCd1234.js',
    '/sign-in/',
    '/sign-out',
    '/account/x',
    '/pages',
  ];
  for (const path of paths) {
    const { status, headers, body } = await api.call('GET', path);
    assert.equal(status, 404, path);
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/, path);
    assert.equal(body.code, 'not_found', path);
  }
});

it('rejects other methods on dashboard pages', async () => {
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const { status, body } = await api.call(method, '/sign-in', { body: {} });
    assert.equal(status, 404, method);
    assert.equal(body.code, 'not_found');
  }
});

it('returns a problem document for a file that was deleted while the server runs', async () => {
  rmSync(join(dir, 'assets/font-AbCd1234.woff2'));
  const { status, headers } = await api.call('GET', '/assets/font-AbCd1234.woff2');
  assert.equal(status, 404);
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
});

it('serves a build that was created while the server runs', async () => {
  const before = await api.call('GET', '/assets/index-EfGh5678.js');
  assert.equal(before.status, 404);
  writeBoth(join(dir, 'assets/index-EfGh5678.js'), 'console.log("changed")');
  const { status, text, headers } = await api.call('GET', '/assets/index-EfGh5678.js');
  assert.equal(status, 200);
  assert.equal(text, 'console.log("changed")');
  assert.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(headers.get('content-security-policy'), null);
});

it('explains how to build the dashboard if it is missing, and serves everything else', async () => {
  const app = Fastify();
  cleanUp(() => app.close());
  app.get('/healthz', () => ({ status: 'ok' }));
  const notBuilt = makeTempDir();
  addDashboard(app, createStaticFiles(notBuilt), (_request, reply, error) => {
    void reply.code(error.status).send(renderProblem(error, 'req_1', ''));
  });
  for (const path of DASHBOARD_PATHS) {
    const answer = await app.inject(path.replace('*', 'proj_1/overview'));
    assert.equal(answer.statusCode, 404, path);
    assert.match(answer.json().detail, /npm run build/);
  }
  assert.equal((await app.inject('/healthz')).statusCode, 200);
  writeFileSync(join(notBuilt, 'index.html'), PAGE);
  assert.equal((await app.inject('/')).body, PAGE, 'until it is built');
});
