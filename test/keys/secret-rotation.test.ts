import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { verifyChain } from '../../src/audit/chain.ts';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { openControlServices, toAuditKey } from '../../src/server/open-services.ts';
import { countStoredUnder } from '../../src/server/secret-store.ts';
import { startServer } from '../../src/server/start.ts';
import { runCli } from '../support/child-processes.ts';
import { startChildServer } from '../support/child-server.ts';
import { connect, initProject, makeConfig, makeTempDir } from '../support/harness.ts';

const [FIRST, SECOND, THIRD] = [
  'the first secret of this installation',
  'the second secret of this installation',
  'the third secret of this installation',
];

const envOf = (dataDir: string, secret: string, ...retired: string[]) => ({
  APPFLOW_DATA_DIR: dataDir,
  APPFLOW_SECRET: secret,
  ...(retired.length > 0 ? { APPFLOW_SECRET_RETIRED: retired.join(' , ') } : {}),
});

async function waitFor(isDone: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await isDone()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('not done within 5 s');
}

describe('rotating APPFLOW_SECRET', () => {
  it('accepts keys stored under the old secret, re-stores used keys under the new one, and then no longer needs the old one', async () => {
    const dataDir = makeTempDir();
    const project = await initProject(makeConfig(envOf(dataDir, FIRST)));
    const config = makeConfig(envOf(dataDir, SECOND, FIRST));
    const server = await startServer(config);
    const { call } = connect(server.url);
    const self = async (key: string) => (await call('GET', '/v1/api-keys/self', { key })).status;
    assert.equal(await self(project.server_key), 200);
    assert.equal(await self(project.client_key), 200);
    const { control, pepper, retiredPeppers, close } = await openControlServices(config);
    await waitFor(async () => (await countStoredUnder(control, pepper, retiredPeppers)).current === 2);
    const counts = await countStoredUnder(control, pepper, retiredPeppers);
    assert.deepEqual(counts, { current: 2, retired: 1, unknown: 0 });
    await close();
    assert.equal(await self(project.server_key), 200);
    assert.equal(await self(project.read_only_key), 200);
    // The last key is re-stored while the server stops.
    await server.stop();
    const alone = await openControlServices(makeConfig(envOf(dataDir, SECOND)));
    const left = await countStoredUnder(alone.control, alone.pepper, []);
    assert.deepEqual(left, { current: 3, retired: 0, unknown: 0 });
    await alone.close();
    const again = await startChildServer(envOf(dataDir, SECOND));
    for (const key of [project.server_key, project.client_key, project.read_only_key]) {
      assert.equal((await again.call('GET', '/v1/api-keys/self', { key })).status, 200);
    }
    assert.equal((await again.stop()).code, 0);
  });

  it('allows a second rotation before every key has been used', async () => {
    const dataDir = makeTempDir();
    const project = await initProject(makeConfig(envOf(dataDir, FIRST)));
    await (await openControlServices(makeConfig(envOf(dataDir, SECOND, FIRST)))).close();
    const server = await startChildServer(envOf(dataDir, THIRD, SECOND, FIRST));
    assert.equal((await server.call('GET', '/v1/project', { key: project.server_key })).status, 200);
    assert.deepEqual((await server.call('GET', '/readyz')).body.warnings, [], 'no key is left behind');
    assert.equal((await server.stop()).code, 0);
  });

  it('records the rotation once in the audit log, whose chain needs both secrets to verify', async () => {
    const dataDir = makeTempDir();
    await initProject(makeConfig(envOf(dataDir, FIRST)));
    const config = makeConfig(envOf(dataDir, SECOND, FIRST));
    const starts = await Promise.all([openControlServices(config), openControlServices(config)]);
    const [{ control }] = starts;
    const rows = await control.db
      .selectFrom('audit_log')
      .selectAll()
      .where('action', '=', 'secret.rotated')
      .execute();
    assert.equal(rows.length, 1);
    const whole = await verifyChain(control, [toAuditKey(SECOND), toAuditKey(FIRST)]);
    assert.equal(whole.ok, true);
    assert.equal((await verifyChain(control, [toAuditKey(SECOND)])).ok, false);
    for (const { close } of starts) await close();
  });

  it('rejects keys stored under a secret that is no longer configured, and warns in /readyz and doctor', async () => {
    const dataDir = makeTempDir();
    const project = await initProject(makeConfig(envOf(dataDir, FIRST)));
    await (await openControlServices(makeConfig(envOf(dataDir, SECOND, FIRST)))).close();
    const between = await runCli(['doctor'], { ...envOf(dataDir, SECOND, FIRST), PORT: '0' });
    assert.equal(between.code, 0);
    assert.match(between.stdout, /warning {2}stored keys: 3 are still stored under a retired secret/);
    const server = await startChildServer({ ...envOf(dataDir, SECOND), LOG_LEVEL: 'warn' });
    assert.equal((await server.call('GET', '/v1/project', { key: project.server_key })).status, 401);
    const sentence =
      /3 secrets of API keys are stored under an APPFLOW_SECRET that is not configured.* Set APPFLOW_SECRET_RETIRED to the old secret and restart/;
    const { status, warnings } = (await server.call('GET', '/readyz')).body;
    assert.equal(status, 'ok');
    assert.match(warnings.join(), sentence);
    assert.match(server.output(), sentence);
    assert.equal((await server.stop()).code, 0);
    const { code, stdout } = await runCli(['doctor'], { ...envOf(dataDir, SECOND), PORT: '0' });
    assert.equal(code, 1);
    assert.match(stdout, /FAILED {3}stored keys: 3 were created with a secret that is not configured/);
  });

  it('fails at startup if the old secret is not configured, and explains how to fix it', async () => {
    const dataDir = makeTempDir();
    await initProject(makeConfig(envOf(dataDir, FIRST)));
    for (const env of [envOf(dataDir, SECOND), envOf(dataDir, SECOND, THIRD)]) {
      await assert.rejects(startChildServer(env), (error: Error) => {
        assert.match(error.message, /exited with 1/);
        assert.match(error.message, /set APPFLOW_SECRET_RETIRED to the old one/);
        for (const secret of [FIRST, SECOND, THIRD]) assert.ok(!error.message.includes(secret));
        return true;
      });
    }
  });
});

describe('APPFLOW_SECRET_RETIRED', () => {
  it('rejects a truncated secret in APPFLOW_SECRET_RETIRED without quoting it', () => {
    const env = { APPFLOW_SECRET_RETIRED: `${FIRST},cut-short` };
    assert.throws(
      () => readConfig(env),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /APPFLOW_SECRET_RETIRED: secret 2 has fewer than 32 characters/);
        assert.ok(!error.message.includes('cut-short'));
        return true;
      },
    );
  });
});
