import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import vm from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { AppflowAdmin } from '../../client/src/admin.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeTempDir, startTestServer } from '../support/harness.ts';
import { installPackedClient } from './packed-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const CHROMIUM = '/usr/bin/chromium';
const TRACKER_BYTES_MAX = 6_300;

const run = promisify(execFile);
const { url: baseUrl, project } = await startTestServer();
const { client_key: apiKey, server_key: serverKey } = project;
const admin = new AppflowAdmin({ apiKey: serverKey, baseUrl });
const folder = makeTempDir();
const app = await installPackedClient(folder);

const installed = (path: string) => join(app, 'node_modules/@appflow/client', path);

async function isStored(event_name: string): Promise<boolean> {
  const { data } = await admin.events.search({ event_name: [event_name] });
  return data.length === 1;
}

/** Bundles a module in the empty project like an app would. */
async function bundle(code: string, options: Parameters<typeof build>[0] = {}): Promise<string> {
  const stdin = { contents: code, resolveDir: app };
  const { outputFiles } = await build({
    stdin,
    bundle: true,
    minify: true,
    write: false,
    logLevel: 'silent',
    ...options,
  });
  return outputFiles?.[0]?.text ?? '';
}

const TRACK = (name: string) => `
  import { Appflow } from '@appflow/client';
  const appflow = new Appflow({ apiKey: ${JSON.stringify(apiKey)}, baseUrl: ${JSON.stringify(baseUrl)} });
  appflow.track('${name}');
  appflow.shutdown().then(() => globalThis.done(JSON.stringify(appflow.stats())));
`;

it('contains the build and its README, and has no dependencies', () => {
  const { dependencies, exports, main, module, types, unpkg, jsdelivr } = JSON.parse(
    readFileSync(installed('package.json'), 'utf8'),
  );
  assert.equal(dependencies, undefined);
  const entries = Object.values<{ import: object; require: object }>(exports);
  const files = entries.flatMap((entry) => [...Object.values(entry.import), ...Object.values(entry.require)]);
  assert.equal(files.length, 3 * 4);
  for (const file of [...files, main, module, types, unpkg, jsdelivr])
    assert.ok(existsSync(installed(file)), file);
  assert.ok(existsSync(installed('README.md')));
  assert.ok(!existsSync(installed('src')));
});

it('all three entry points run in an empty Node project', async () => {
  const code = `
    import { Appflow, AppflowError } from '@appflow/client';
    import { AppflowAdmin } from '@appflow/client/admin';
    import { createFileStorage } from '@appflow/client/node';
    const [, , apiKey, serverKey, baseUrl] = process.argv;
    const appflow = new Appflow({ apiKey, baseUrl, storage: createFileStorage('./queue') });
    appflow.track('from_node');
    await appflow.shutdown();
    const admin = new AppflowAdmin({ apiKey: serverKey, baseUrl });
    const { data } = await admin.events.search({ event_name: ['from_node'] });
    const error = await admin.apps.get('app_none').catch((error) => error);
    console.log(JSON.stringify([appflow.stats(), data.length, error instanceof AppflowError, error.code]));
  `;
  writeFileSync(join(app, 'main.js'), code);
  const { stdout } = await run(process.execPath, ['main.js', apiKey, serverKey, baseUrl], { cwd: app });
  assert.deepEqual(JSON.parse(stdout), [{ queued: 0, sent: 3, dropped: 0 }, 1, true, 'not_found']);
});

it('all three entry points run with require, and share one AppflowError', async () => {
  const code = `
    const { Appflow, AppflowError } = require('@appflow/client');
    const { AppflowAdmin } = require('@appflow/client/admin');
    const { createFileStorage } = require('@appflow/client/node');
    const [, , apiKey, serverKey, baseUrl] = process.argv;
    (async () => {
      const appflow = new Appflow({ apiKey, baseUrl, storage: createFileStorage('./queue-cjs') });
      appflow.track('from_require');
      await appflow.shutdown();
      const admin = new AppflowAdmin({ apiKey: serverKey, baseUrl });
      const { data } = await admin.events.search({ event_name: ['from_require'] });
      const error = await admin.apps.get('app_none').catch((error) => error);
      console.log(JSON.stringify([appflow.stats(), data.length, error instanceof AppflowError, error.code]));
    })();
  `;
  writeFileSync(join(app, 'main.cjs'), code);
  const { stdout } = await run(process.execPath, ['main.cjs', apiKey, serverKey, baseUrl], { cwd: app });
  assert.deepEqual(JSON.parse(stdout), [{ queued: 0, sent: 3, dropped: 0 }, 1, true, 'not_found']);
});

it('has types that compile in an app without Node types, as ES module and as CommonJS', async () => {
  const code = `
    import { Appflow, type AppflowError } from '@appflow/client';
    import { AppflowAdmin } from '@appflow/client/admin';
    import { createFileStorage } from '@appflow/client/node';
    const appflow = new Appflow({ apiKey: '', baseUrl: '', storage: createFileStorage('.') });
    appflow.on('error', (error: AppflowError) => { const code: string = error.code; code; });
    // @ts-expect-error no such key type
    new AppflowAdmin({ apiKey: '', baseUrl: '' }).apiKeys.create({ name: 'x', type: 'secret' });
  `;
  writeFileSync(join(app, 'types.ts'), code);
  writeFileSync(join(app, 'types.cts'), code);
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    '',
    '--lib',
    'es2022,dom',
  ];
  await run(join(ROOT, 'node_modules/.bin/tsc'), [...flags, 'types.ts', 'types.cts'], { cwd: app });
});

it(`has a tracker of at most ${TRACKER_BYTES_MAX} bytes, minified and compressed`, async () => {
  const code = await bundle("export { Appflow, AppflowError } from '@appflow/client';", {
    format: 'esm',
    target: 'es2022',
  });
  for (const script of [code, readFileSync(installed('dist/appflow.min.js'))]) {
    const bytes = gzipSync(script, { level: 9 }).length;
    assert.ok(bytes <= TRACKER_BYTES_MAX, `${bytes} bytes`);
  }
});

it('runs without DOM and Node, with an async storage only, as in React Native', async () => {
  const code = await bundle(
    TRACK('from_react_native').replace('baseUrl:', 'storage: globalThis.AsyncStorage, baseUrl:'),
    { format: 'iife', target: 'es2017' },
  );
  const items = new Map<string, string>();
  const AsyncStorage = {
    getItem: async (key: string) => items.get(key) ?? null,
    setItem: async (key: string, value: string) => void items.set(key, value),
    removeItem: async (key: string) => void items.delete(key),
  };
  const { promise, resolve } = Promise.withResolvers<string>();
  const world = {
    fetch,
    setTimeout,
    clearTimeout,
    AbortController,
    AsyncStorage,
    done: resolve,
    __DEV__: false,
  };
  vm.runInContext(code, vm.createContext(world));
  assert.deepEqual(JSON.parse(await promise), { queued: 0, sent: 3, dropped: 0 });
  assert.ok(await isStored('from_react_native'));
  assert.match([...items.values()].join(), /"queue":\[\]/);
});

const withoutChromium = existsSync(CHROMIUM)
  ? false
  : `NOT TESTED: there is no ${CHROMIUM} here. Install Chromium.`;

describe('in Chromium, on a page of another origin', { skip: withoutChromium }, () => {
  let context: Awaited<ReturnType<typeof chromium.launchPersistentContext>>;
  let pages: Server;
  let pageUrl: string;
  const minified = readFileSync(installed('dist/appflow.min.js'), 'utf8');

  before(async () => {
    const script = await bundle("export * from '@appflow/client'; export * from '@appflow/client/admin';", {
      format: 'iife',
      globalName: 'client',
    });
    pages = createServer(({ url }, response) => {
      response.writeHead(200, {
        'content-type': url === '/appflow.min.js' ? 'text/javascript' : 'text/html',
      });
      if (url === '/appflow.min.js') return response.end(minified);
      if (url === '/script-tag')
        return response.end('<!doctype html><script src="/appflow.min.js"></script>');
      response.end(`<!doctype html><title>An app</title><script>${script}</script>`);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => pages.once('listening', resolve));
    const address = pages.address();
    pageUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
    args.push('--disable-background-networking', '--disable-component-update', '--disable-sync');
    const profile = join(folder, 'profile');
    context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      args,
    });
  });
  cleanUp(async () => {
    await context?.close();
    pages?.close();
  });

  /** Runs an async function body in a new page, where `client` is the package; returns its result. */
  async function inPage(body: string): Promise<unknown> {
    const page = await context.newPage();
    await page.goto(pageUrl);
    const values = `const apiKey = ${JSON.stringify(apiKey)}, serverKey = ${JSON.stringify(serverKey)}, readKey = ${JSON.stringify(project.read_only_key)}, baseUrl = ${JSON.stringify(baseUrl)};`;
    return page.evaluate(`(async () => { ${values} ${body} })()`);
  }

  it('a client key sends events across origins, queued in localStorage until then', async () => {
    const result = await inPage(`
      const appflow = new client.Appflow({ apiKey, baseUrl });
      appflow.track('from_chromium');
      await undefined; await undefined; await undefined;
      const kept = JSON.stringify(localStorage).includes('from_chromium');
      await appflow.flush();
      return [kept, JSON.stringify(localStorage).includes('from_chromium'), appflow.stats()];
    `);
    assert.deepEqual(result, [true, false, { queued: 0, sent: 2, dropped: 0 }]);
    const { data } = await admin.events.search({ event_name: ['from_chromium'] });
    assert.deepEqual(
      data.map(({ context: { platform } }) => platform),
      ['web'],
    );
  });

  it('the build for a script tag makes its classes global and sends events', async () => {
    const page = await context.newPage();
    await page.goto(`${pageUrl}/script-tag`);
    const options = JSON.stringify({ apiKey, baseUrl });
    const result = await page.evaluate(`(async () => {
      const appflow = new Appflow(${options});
      appflow.track('from_script_tag');
      await appflow.flush();
      try { new Appflow({}); } catch (error) { return [appflow.stats().queued, error instanceof AppflowError]; }
    })()`);
    assert.deepEqual(result, [0, true]);
    assert.ok(await isStored('from_script_tag'));
  });

  it('the tracker rejects server and read-only keys, the admin client rejects server keys, before they are sent', async () => {
    const result = await inPage(`
      const tries = [
        () => new client.Appflow({ apiKey: serverKey, baseUrl }),
        () => new client.Appflow({ apiKey: readKey, baseUrl }),
        () => new client.Appflow({ apiKey, baseUrl }).setApiKey(serverKey),
        () => new client.AppflowAdmin({ apiKey: serverKey, baseUrl }),
      ];
      return tries.map((run) => { try { run(); } catch (error) { return [error.code, error.message.includes('client key (ck_)')]; } });
    `);
    assert.deepEqual(
      result,
      Array.from({ length: 4 }, () => ['secret_key_in_browser', true]),
    );
    const { last_used_at } = (await admin.apiKeys.list({ type: 'read_only' })).data[0] ?? {};
    assert.equal(last_used_at, null);
  });

  it('an event tracked just before the page closes still arrives', async () => {
    const page = await context.newPage();
    await page.goto(pageUrl);
    const made = `new client.Appflow({ apiKey: ${JSON.stringify(apiKey)}, baseUrl: ${JSON.stringify(baseUrl)}, flushIntervalMs: 3_600_000 })`;
    await page.evaluate(
      `(async () => { window.appflow = ${made}; appflow.track('arrives'); await appflow.flush(); })()`,
    );
    await page.evaluate("appflow.track('last_words')");
    // Not a navigation from inside the page: the call may never return.
    await page.goto('about:blank', { timeout: 20_000 });
    const deadline = Date.now() + 20_000;
    while (!(await isStored('last_words'))) {
      assert.ok(Date.now() < deadline, 'the event never arrived');
      await sleep(50);
    }
  });
});
