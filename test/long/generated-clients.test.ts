import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { initProject, makeTempDir, startTestServer } from '../support/harness.ts';

/** The generators have a lock file of their own: they need an older TypeScript, and nothing else does. */
const GENERATORS = join(import.meta.dirname, 'generators');
const INSTALL_MS_MAX = 300_000;

const run = promisify(execFile);
const api = await startTestServer();
const folder = makeTempDir();
const bin = (name: string) => join(folder, 'node_modules/.bin', name);

const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  noImplicitReturns: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'es2024',
  lib: ['es2024', 'dom', 'dom.iterable'],
  module: 'esnext',
  moduleResolution: 'bundler',
  types: ['node'],
  typeRoots: [join(import.meta.dirname, '../../node_modules/@types')],
};

/** Each generator, how it is called, and the compiler options that its own runtime allows. */
const CLIENTS = [
  {
    name: 'openapi-typescript',
    generate: () =>
      run(bin('openapi-typescript'), ['openapi.json', '-o', 'openapi-typescript/schema.ts'], { cwd: folder }),
    options: { exactOptionalPropertyTypes: true },
  },
  {
    name: 'hey-api',
    generate: () =>
      run(bin('openapi-ts'), ['-i', 'openapi.json', '-o', 'hey-api', '-c', '@hey-api/client-fetch'], {
        cwd: folder,
      }),
    options: {},
  },
  {
    name: 'orval',
    generate: () => run(bin('orval'), ['--config', 'orval.config.mjs'], { cwd: folder }),
    options: {},
  },
];

before(
  async () => {
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(join(GENERATORS, file), join(folder, file));
    }
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
    const { text } = await api.call('GET', '/openapi.json');
    writeFileSync(join(folder, 'openapi.json'), text);
    const output = { target: 'orval/client.ts', client: 'fetch', baseUrl: api.url };
    const orval = { appflow: { input: 'openapi.json', output } };
    writeFileSync(join(folder, 'orval.config.mjs'), `export default ${JSON.stringify(orval)};`);
    cpSync(join(GENERATORS, 'programs'), folder, { recursive: true });
  },
  { timeout: INSTALL_MS_MAX },
);

for (const { name, generate, options } of CLIENTS) {
  describe(`a client of ${name}`, () => {
    const program = join(folder, `${name}.ts`);

    it('compiles under strict settings: events, search, daily metrics and keys have exact types', async () => {
      mkdirSync(join(folder, name), { recursive: true });
      await generate();
      const config = join(folder, `tsconfig.${name}.json`);
      writeFileSync(config, JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: [program] }));
      await run(bin('tsc'), ['-p', config], { cwd: folder }).catch(({ stdout }) => assert.fail(stdout));
    });

    it('sends, searches, counts, exports, creates and revokes against a server', async () => {
      const { server_key } = await initProject(api.config);
      const outfile = join(folder, `${name}.mjs`);
      buildSync({ entryPoints: [program], outfile, bundle: true, platform: 'node', format: 'esm' });
      // Not as arguments: they are in the message of a failure.
      const env = { ...process.env, BASE_URL: api.url, SERVER_KEY: server_key };
      const { stdout } = await run(process.execPath, [outfile], { env });
      assert.deepEqual(JSON.parse(stdout), {
        accepted: 1,
        ids: [`from-${name}`],
        revenue: '9.99',
        dau: 1,
        isKey: true,
        names: ['Report', 'First read-only key'],
        status: 'revoked',
        code: 'not_found',
        rows: 2,
      });
    });
  });
}
