import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { NO_CALLER } from '../../src/control/control.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import type { CommandResult } from '../support/child-processes.ts';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { makeConfig, makeTempDir } from '../support/harness.ts';

/** Whether `script` (util-linux) is installed, which runs a command on a terminal. */
const HAS_SCRIPT = spawnSync('script', ['--version']).status === 0;

async function makeInstallation() {
  const env = { APPFLOW_DATA_DIR: makeTempDir() };
  const project = await initByCli(env);
  const keys = (...args: string[]) => runCli(['keys', ...args], env);
  return { env, project, keys };
}

function recordOf({ code, stdout, stderr }: CommandResult) {
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^\{[^\n]*\}\n$/);
  return JSON.parse(stdout);
}

describe('appflow keys, while a server runs', async () => {
  const { env, project, keys } = await makeInstallation();

  it('creates a key that works with the next request, rotates it without a gap, and revokes it immediately', async () => {
    await using server = await startServerProcess({ ...env, APPFLOW_LIMIT_MANAGEMENT: 'off' });
    const self = (key: string) => server.call('GET', '/v1/api-keys/self', { key });
    const args = ['--type', 'server', '--name', 'Backend', '--scopes', 'keys:read,audit:read', '--json'];
    const made = recordOf(await keys('create', ...args));
    const { status, body } = await self(made.key);
    assert.deepEqual(
      [status, body.name, body.created_by, body.scopes],
      [200, 'Backend', 'cli', ['keys:read', 'audit:read']],
    );
    const rotated = recordOf(await keys('rotate', made.id, '--grace-seconds', '3600', '--json'));
    assert.notEqual(rotated.key, made.key);
    assert.deepEqual([(await self(rotated.key)).status, (await self(made.key)).status], [200, 200]);
    assert.equal((await keys('rotate', made.id)).code, 1);
    const forced = recordOf(await keys('rotate', made.id, '--force', '--json'));
    assert.equal((await self(forced.key)).status, 200);
    const revoked = recordOf(await keys('revoke', made.id, '--reason', 'leaked', '--yes', '--json'));
    assert.deepEqual(
      [revoked.status, revoked.revoked_reason, revoked.revoked_by],
      ['revoked', 'leaked', 'cli'],
    );
    assert.equal((await self(forced.key)).body.code, 'api_key_revoked');
    const log = await server.call('GET', `/v1/audit-log?target=${made.id}`, { key: project.server_key });
    const entries = log.body.data.filter(({ actor }: { actor: { type: string } }) => actor.type === 'cli');
    assert.deepEqual(
      entries.map(({ action }: { action: string }) => action),
      ['api_key.revoked', 'api_key.rotated', 'api_key.rotated', 'api_key.created'],
    );
  });
});

describe('appflow keys, without a server', async () => {
  const { project, keys, env } = await makeInstallation();

  it('shows a new key only once, and never in a list', async () => {
    const made = await keys('create', '--type', 'client', '--name', 'Phones', '--app-ids', project.app_id);
    assert.match(made.stdout, /^ck_af1_\w{49}\n\nThis is key_\w{26}, "Phones" of/);
    const [secret = ''] = made.stdout.split('\n');
    const [table, json] = [await keys('list'), await keys('list', '--json')];
    assert.match(table.stdout, /^id +type +status +key +name\n/);
    assert.match(table.stdout, /client +active +ck_af1_\w{4}…\w{4} +Phones/);
    const { data } = recordOf(json);
    assert.equal(data.length, 4);
    assert.deepEqual([data[0].name, data[0].app_ids], ['Phones', [project.app_id]]);
    for (const { stdout } of [table, json]) assert.ok(!stdout.includes(secret.slice(7, 50)));
  });

  it('creates a key with every restriction that the API supports', async () => {
    const limits = { analytics: { requests: { rate: 2, burst: 20 }, in_flight: 3 } };
    const networks = ['--ip-allowlist', '203.0.113.0/24, 2001:db8::/32', '--ip-allowlist', '198.51.100.7'];
    const notes = ['--metadata', 'team=growth', '--metadata', 'query=a=b,c', '--metadata', 'empty='];
    const reports = recordOf(
      await keys(
        ...['create', '--type', 'read_only', '--name', 'Reports', '--json', ...networks, ...notes],
        ...['--allowed-origins', 'https://bi.example.com', '--rate-limits', JSON.stringify(limits)],
      ),
    );
    assert.deepEqual(reports.ip_allowlist, ['203.0.113.0/24', '2001:db8::/32', '198.51.100.7']);
    assert.deepEqual(reports.allowed_origins, ['https://bi.example.com']);
    assert.deepEqual(reports.rate_limits, limits);
    assert.deepEqual(reports.metadata, { team: 'growth', query: 'a=b,c', empty: '' });
    const bundles = ['--bundle-ids', 'com.example.app', '--bundle-ids', 'com.example.beta'];
    const phones = recordOf(await keys('create', '--type', 'client', '--name', 'x', '--json', ...bundles));
    assert.deepEqual(
      [phones.bundle_ids, phones.allowed_sdks],
      [['com.example.app', 'com.example.beta'], null],
    );
    const sdks = ['--allowed-sdks', 'segment,appflow'];
    const segment = recordOf(await keys('create', '--type', 'client', '--name', 'x', '--json', ...sdks));
    assert.deepEqual(segment.allowed_sdks, ['appflow', 'segment']);
  });

  it('can start the grace period of the old secret when the new one is first used', async () => {
    const made = recordOf(await keys('create', '--type', 'server', '--name', 'Slow', '--json'));
    const from = Date.now();
    const args = ['--grace-seconds', '60', '--grace-from', 'first_use', '--json'];
    const { secrets } = recordOf(await keys('rotate', made.id, ...args));
    const old = secrets.find(({ version }: { version: number }) => version === 1);
    // At most 30 days until the first use, followed by the grace period.
    const graceMs = Date.parse(old.expires_at) - from;
    assert.ok(graceMs >= (30 * 86_400 + 60) * 1_000 && graceMs < (30 * 86_400 + 120) * 1_000, `${graceMs}`);
  });

  it('filters the list by type and status', async () => {
    const dead = recordOf(await keys('create', '--type', 'read_only', '--name', 'Dead', '--json'));
    await keys('revoke', dead.id, '--yes');
    const idsOf = async (...args: string[]) =>
      recordOf(await keys('list', '--json', ...args)).data.map(({ id }: { id: string }) => id);
    const all = recordOf(await keys('list', '--json')).data;
    for (const filter of [
      { type: 'read_only' },
      { status: 'revoked' },
      { type: 'server', status: 'active' },
    ]) {
      const args = Object.entries(filter).flatMap(([name, value]) => [`--${name}`, value]);
      const expected = all.filter((key: Record<string, string>) =>
        Object.entries(filter).every(([name, value]) => key[name] === value),
      );
      assert.ok(expected.length > 0 && expected.length < all.length);
      assert.deepEqual(
        await idsOf(...args),
        expected.map(({ id }: { id: string }) => id),
      );
    }
  });

  it('creates and rotates no keys of a deleted project, but revokes them', async () => {
    const env = { APPFLOW_DATA_DIR: makeTempDir() };
    const { project_id } = await initByCli(env);
    const run = (...args: string[]) => runCli(['keys', ...args], env);
    const [key] = recordOf(await run('list', '--json')).data;
    const services = await openControlServices(makeConfig(env));
    await services.control.write(NO_CALLER, async ({ tx, revision }) => {
      const values = { deleted_at: Date.now(), revision };
      await tx.updateTable('projects').set(values).where('id', '=', project_id).execute();
    });
    await services.close();
    for (const args of [
      ['create', '--type', 'server', '--name', 'x', '--project', project_id],
      ['rotate', key.id],
    ]) {
      const { code, stdout, stderr } = await run(...args);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, /Project proj_\w+ was deleted\. An owner can restore it in the dashboard\./);
    }
    assert.equal(recordOf(await run('revoke', key.id, '--yes', '--json')).status, 'revoked');
  });

  it('lists keys while another process locks the database, without the secret, and changes nothing', async () => {
    const other = new Database(join(env.APPFLOW_DATA_DIR, 'control.db'));
    const stamp = other.prepare('PRAGMA data_version').pluck();
    const before = stamp.get();
    other.exec('BEGIN IMMEDIATE');
    const secretFile = join(env.APPFLOW_DATA_DIR, 'secrets', 'appflow-secret');
    renameSync(secretFile, `${secretFile}.away`);
    const ended = await keys('list', '--json');
    renameSync(`${secretFile}.away`, secretFile);
    other.exec('ROLLBACK');
    assert.ok(recordOf(ended).data.length >= 3);
    assert.equal(stamp.get(), before);
    await keys('create', '--type', 'client', '--name', 'Noticed');
    assert.notEqual(stamp.get(), before);
    other.close();
  });

  it('creates nothing when it lists an empty folder', async () => {
    const nowhere = join(makeTempDir(), 'data');
    const { code, stderr } = await runCli(['keys', 'list'], { APPFLOW_DATA_DIR: nowhere });
    assert.equal(code, 2);
    assert.match(
      stderr,
      /There is no project in \S+\/data yet\. Create one: bin\/appflow init --project "My App" --data-dir \S+\/data\n/,
    );
    assert.ok(!existsSync(nowhere));
  });

  it('revokes nothing without a terminal unless --yes is given, whatever standard input says', async () => {
    const made = recordOf(await keys('create', '--type', 'read_only', '--name', 'Old', '--json'));
    for (const input of ['', 'n\n', 'y\n']) {
      const ended = await runCli(['keys', 'revoke', made.id], env, input);
      assert.deepEqual([ended.code, ended.stdout], [2, '']);
      assert.match(ended.stderr, /Run with --yes/);
    }
    const { data } = recordOf(await keys('list', '--json'));
    assert.equal(data.find(({ id }: { id: string }) => id === made.id).status, 'active');
    const revoked = await keys('revoke', made.id, '--reason', 'unused', '--yes');
    assert.match(revoked.stdout, /^Revoked key_\w+, "Old" \(unused\)\. Requests with it now fail\.\n$/);
    const again = recordOf(await keys('revoke', made.id, '--yes', '--json'));
    assert.equal(again.revoked_reason, 'unused');
  });

  it('records a leak of a key that was already revoked, once, so that it cannot be restored', async () => {
    const made = recordOf(await keys('create', '--type', 'server', '--name', 'Old', '--json'));
    await keys('revoke', made.id, '--reason', 'unused', '--yes');
    const leaked = ['revoke', made.id, '--reason', 'leaked', '--yes'];
    const first = await keys(...leaked);
    assert.match(
      first.stdout,
      /was already revoked \(unused\)\. The leak is now recorded, and the key can't be restored\.\n$/,
    );
    assert.match((await keys(...leaked)).stdout, /was already revoked \(unused\)\.\n$/);
    const { stdout } = await runCli(['audit', '--json'], env);
    const actions = JSON.parse(stdout)
      .data.filter(({ target }: { target: string }) => target === made.id)
      .map(({ action }: { action: string }) => action);
    assert.deepEqual(actions, ['api_key.leak_reported', 'api_key.revoked', 'api_key.created']);
    await using server = await startServerProcess(env);
    const path = `/v1/api-keys/${made.id}/restore`;
    const { status, body } = await server.call('POST', path, { key: project.server_key });
    assert.deepEqual([status, body.code], [409, 'not_restorable']);
  });

  it('asks for confirmation on a terminal, and revokes only after yes', { skip: !HAS_SCRIPT }, async () => {
    const made = recordOf(await keys('create', '--type', 'server', '--name', 'Asked', '--json'));
    const statusNow = async () =>
      recordOf(await keys('list', '--json')).data.find(({ id }: { id: string }) => id === made.id).status;
    for (const [answer, code, status] of [
      ['n', 1, 'active'],
      ['', 1, 'active'],
      ['y', 0, 'revoked'],
    ] as const) {
      const command = `"${process.execPath}" src/cli/main.ts keys revoke ${made.id}`;
      const ended = spawnSync('script', ['-qec', command, '/dev/null'], {
        input: `${answer}\n`,
        env: { PATH: process.env.PATH, ...env },
        encoding: 'utf8',
        timeout: 60_000,
      });
      assert.match(ended.stdout, /Revoke the server key key_\w+, "Asked"\? \[y\/N\]/);
      assert.deepEqual([ended.status, await statusNow()], [code, status]);
    }
  });

  it('exits with 2 on a usage error and with 1 on failure, with a message', async () => {
    const client = ['create', '--type', 'client', '--name', 'x'];
    for (const [args, code, message] of [
      [[...client, '--rate-limits', '{'], 2, /Must be JSON/],
      [[...client, '--scopes', 'keys:write'], 2, /can never have keys:write/],
      [[...client, '--app-ids', 'app_none'], 1, /not in this project/],
    ] as const) {
      const ended = await keys(...args);
      assert.deepEqual([ended.code, ended.stdout], [code, '']);
      assert.match(ended.stderr, message);
      assert.doesNotMatch(ended.stderr, /^\s+at /m);
    }
  });

  it('never prints a key that was passed in the wrong place', async () => {
    const { server_key: key } = project;
    const named = await keys('revoke', key, '--yes');
    assert.equal(named.code, 2);
    assert.match(named.stderr, /Pass its ID \(key_…\)/);
    for (const args of [
      ['list', '--project', key],
      ['list', '--type', key],
    ]) {
      const { code, stdout, stderr } = await keys(...args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.ok(!stderr.includes(key.slice(7, 50)), args[0]);
    }
  });

  it('requires --project if there are several projects', async () => {
    const other = await initByCli(env);
    const ended = await keys('list');
    assert.equal(ended.code, 2);
    assert.ok(ended.stderr.includes(project.project_id) && ended.stderr.includes(other.project_id));
    const { data } = recordOf(await keys('list', '--json', '--project', other.project_id));
    assert.equal(data.length, 3);
  });
});
