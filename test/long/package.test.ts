import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Initialized } from '../../src/cli/init-text.ts';
import { VERSION } from '../../src/config/version.ts';
import { killAtExit } from '../support/adopt-child.ts';
import { connect, makeTempDir } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const PACK = join(import.meta.dirname, '../../release/pack.ts');
const INSTALL_MS_MAX = 300_000;

describe('the published package', () => {
  const folder = makeTempDir();
  const options = { cwd: folder, timeout: INSTALL_MS_MAX };

  before(async () => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
    await run(process.execPath, [PACK], options);
    const archive = `appflow-${VERSION}.tgz`;
    await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `./${archive}`], options);
  });

  it('starts the server and its dashboard with `npx appflow` from an empty folder, and runs the command it prints', async () => {
    // Not below the npx that it runs, which would get the signals instead.
    const child = spawn(join(folder, 'node_modules/.bin/appflow'), {
      cwd: folder,
      env: { PATH: process.env.PATH, PORT: '0' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    killAtExit(child);
    let log = '';
    child.stdout.on('data', (chunk) => {
      log += chunk;
    });
    await until('it says what to do next', () => log.includes('There is no project yet'));
    const api = connect(/ready on (\S+)/.exec(log)?.[1] ?? '');
    assert.match((await api.call('GET', '/')).text, /<div id="root">/);
    const [, program = '', command = ''] = /(npx) (appflow init)/.exec(log) ?? [];
    const { stdout } = await run(program, [...command.split(' '), '--json'], options);
    trackSecrets(stdout);
    const { client_key: key, read_only_key }: Initialized = JSON.parse(stdout);
    const events = [{ event_id: 'first', event_name: 'app_open', app_user_id: 'user_1' }];
    assert.equal((await api.call('POST', '/v1/events', { key, body: { events } })).body.accepted, 1);
    const { body } = await api.call('GET', '/v1/analytics/daily?days=1', { key: read_only_key });
    assert.equal(body.data[0].events, 1);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });
});
