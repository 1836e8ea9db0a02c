import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { Ended } from './child-processes.ts';
import { initByCli, runCli, startServerProcess } from './child-processes.ts';
import { makeTempDir } from './harness.ts';

/** util-linux: runs a command on a terminal. */
const HAS_SCRIPT = spawnSync('script', ['--version']).status === 0;

async function makeInstallation() {
  const env = { APPFLOW_DATA_DIR: makeTempDir() };
  const project = await initByCli(env);
  const keys = (...args: string[]) => runCli(['keys', ...args], env);
  return { env, project, keys };
}

function recordOf({ code, stdout, stderr }: Ended) {
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^\{[^\n]*\}\n$/);
  return JSON.parse(stdout);
}

describe('appflow keys, beside a running server', async () => {
  const { env, project, keys } = await makeInstallation();

  it('makes a key that works at the next request, rotates it without a gap, revokes it at once', async () => {
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
    const revoked = recordOf(await keys('revoke', made.id, '--reason', 'leaked', '--json'));
    assert.deepEqual(
      [revoked.status, revoked.revoked_reason, revoked.revoked_by],
      ['revoked', 'leaked', 'cli'],
    );
    assert.equal((await self(forced.key)).body.code, 'api_key_revoked');
    const log = await server.call('GET', `/v1/audit-log?target=${made.id}`, { key: project.server_key });
    const told = log.body.data.filter(({ actor }: { actor: { type: string } }) => actor.type === 'cli');
    assert.deepEqual(
      told.map(({ action }: { action: string }) => action),
      ['api_key.revoked', 'api_key.rotated', 'api_key.rotated', 'api_key.created'],
    );
  });
});

describe('appflow keys, alone', async () => {
  const { project, keys, env } = await makeInstallation();

  it('shows a new key once and never in a list', async () => {
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

  it('revokes without a question where no terminal is, for a reason of the list, once', async () => {
    const made = recordOf(await keys('create', '--type', 'read_only', '--name', 'Old', '--json'));
    assert.match((await keys('revoke', made.id, '--reason', 'unused')).stdout, /is revoked \(unused\)/);
    const again = recordOf(await keys('revoke', made.id, '--json'));
    assert.equal(again.revoked_reason, 'unused');
  });

  it('asks on a terminal, and revokes only when told yes', { skip: !HAS_SCRIPT }, async () => {
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
      });
      assert.match(ended.stdout, /Revoke the server key key_\w+, "Asked"\? \[y\/N\]/);
      assert.deepEqual([ended.status, await statusNow()], [code, status]);
    }
  });

  it('refuses what the API refuses, in a sentence, and makes nothing', async () => {
    const before = (await keys('list', '--json')).stdout;
    const client = ['create', '--type', 'client', '--name', 'x'];
    for (const [args, code, message] of [
      [['create', '--type', 'clent', '--name', 'x'], 2, /client/],
      [['create', '--type', 'client'], 2, /--name/],
      [['create', '--type', 'client', '--name', ' '], 2, /name/],
      [[...client, '--scopes', 'keys:write'], 2, /can never have keys:write/],
      [[...client, '--scopes', 'keys:eat'], 2, /scopes\.0/],
      [[...client, '--expires-at', 'tomorrow'], 2, /expires_at must be an RFC 3339 time/],
      [[...client, '--expires-at', '2020-01-01T00:00:00Z'], 2, /future/],
      [[...client, '--app-ids', 'app_none'], 1, /no app of this project/],
      [[...client, '--project', 'proj_none'], 2, /There is no project proj_none/],
      [['revoke', 'key_none'], 2, /There is no API key key_none/],
      [['rotate', 'key_none'], 2, /There is no API key key_none/],
      [['revoke', 'key_none', '--reason', 'boredom'], 2, /unused, rotated, leaked/],
    ] as const) {
      const ended = await keys(...args);
      assert.equal(ended.code, code, ended.stderr);
      assert.equal(ended.stdout, '');
      assert.match(ended.stderr, message);
      assert.doesNotMatch(ended.stderr, /^\s+at /m);
    }
    assert.equal((await keys('list', '--json')).stdout, before);
  });

  it('does not repeat a key that was given instead of its id', async () => {
    const ended = await keys('revoke', project.server_key);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /Name it by its id/);
    assert.ok(!ended.stderr.includes(project.server_key));
  });

  it('asks for the project once there are several', async () => {
    const other = await initByCli(env);
    const ended = await keys('list');
    assert.equal(ended.code, 2);
    assert.ok(ended.stderr.includes(project.project_id) && ended.stderr.includes(other.project_id));
    const { data } = recordOf(await keys('list', '--json', '--project', other.project_id));
    assert.equal(data.length, 3);
  });
});
