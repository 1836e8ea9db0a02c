import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { openControlAlone } from '../../src/control/copy-sqlite.ts';
import { openSqliteControl } from '../../src/control/open-sqlite.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { runCli, startServerProcess } from '../support/child-processes.ts';
import { holdReset } from '../support/held-reset.ts';
import { makeInstallation } from './doctor-installation.ts';

const secretFile = (dataDir: string) => join(dataDir, 'secrets', 'appflow-secret');
const reset = (env: Record<string, string>) => runCli(['secret', 'reset', '--yes'], env);

async function loseSecret() {
  const { dataDir, env } = await makeInstallation();
  const lost = readFileSync(secretFile(dataDir), 'utf8').trim();
  rmSync(secretFile(dataDir));
  return { dataDir, env, lost, controlFile: join(dataDir, 'control.db') };
}

function isLocked(file: string): boolean {
  try {
    openControlAlone(file).close();
    return false;
  } catch {
    return true;
  }
}

it('keeps servers and a second reset out until it is done, also a server that still has the lost secret', async () => {
  const { dataDir, env, lost, controlFile } = await loseSecret();
  const held = await holdReset(env, secretFile(dataDir), () => isLocked(controlFile));
  const serve = () => runCli(['serve'], { ...env, APPFLOW_SECRET: lost, PORT: '0' });
  const [early, second] = await Promise.all([serve(), reset(env)]);
  assert.equal(early.code, 1);
  assert.match(early.stderr, /another process holds it locked; end that process, or wait until it is done/);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /Another process has .*control\.db open.*Stop it first/);

  const done = await held.finish();
  assert.equal(done.code, 0, done.stderr);
  const late = await serve();
  assert.equal(late.code, 1);
  assert.match(late.stderr, /APPFLOW_SECRET is not the secret of this data folder/);
  await using server = await startServerProcess(env);
  assert.equal((await server.call('GET', '/readyz')).body.status, 'ok');
  assert.equal(await server.stop(), 0);
});

it('is refused while a process that cannot be seen has the database open, as a server in another container that starts', async () => {
  const { dataDir, env, controlFile } = await loseSecret();
  const control = await openSqliteControl(controlFile, systemClock());
  const refused = await reset(env);
  await control.close();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Another process has .*control\.db open.*Stop it first/);
  assert.equal(existsSync(secretFile(dataDir)), false, 'nothing has changed');
  const done = await reset(env);
  assert.equal(done.code, 0, done.stderr);
});
