import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CLI_ACTOR } from '../../src/api/caller.ts';
import { NO_CALLER } from '../../src/control/control.ts';
import { createSecret } from '../../src/directory/secret.ts';
import { HOUR_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { type CommandResult, initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { makeClock, makeConfig, makeTempDir } from '../support/harness.ts';

type Entry = { action: string; target: string; project_id: string | null; at: string };

function entriesOf({ code, stdout, stderr }: CommandResult): Entry[] {
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^\{[^\n]*\}\n$/);
  return JSON.parse(stdout).data;
}

const audit = (env: Record<string, string>, ...args: string[]) => runCli(['audit', ...args], env);

describe('appflow audit, while a server runs', () => {
  it('lists attempts with unknown keys, which belong to no project and which no key can read', async () => {
    const env = { APPFLOW_DATA_DIR: makeTempDir() };
    const project = await initByCli(env);
    {
      await using server = await startServerProcess(env);
      await server.call('GET', '/v1/project', { key: createSecret('server') });
      const { body } = await server.call('GET', '/v1/audit-log', { key: project.server_key });
      assert.ok(body.data.every(({ action }: Entry) => action !== 'authentication.failed'));
      const ofProject = entriesOf(await audit(env, '--project', project.project_id, '--json'));
      assert.deepEqual(
        ofProject.map(({ action, target }) => [action, target]),
        body.data.map(({ action, target }: Entry) => [action, target]),
      );
      await server.stop();
    }
    const [entry, ...others] = entriesOf(await audit(env, '--installation', '--json'));
    assert.deepEqual(
      [entry?.action, entry?.target, entry?.project_id, others],
      ['authentication.failed', 'unknown', null, []],
    );
  });
});

describe('appflow audit, without a server', async () => {
  const config = makeConfig();
  const env = { APPFLOW_DATA_DIR: config.dataDir };
  const projects = [await initByCli(env), await initByCli(env)];
  const clock = makeClock();
  clock.advance(-2 * HOUR_MS);
  const services = await openControlServices(config, clock);
  await services.control.write(NO_CALLER, ({ tx }) =>
    services.audit.append(tx, {
      projectId: null,
      actor: CLI_ACTOR,
      action: 'secret.rotated',
      target: 'installation',
      diff: { name: ['before', 'evil\u001b[2J\u202e\u009b'] },
    }),
  );
  await services.close();

  it('lists every project and the installation, newest first, up to the limit', async () => {
    const all = entriesOf(await audit(env, '--json'));
    assert.deepEqual(
      [...new Set(all.map(({ project_id }) => project_id))],
      [projects[1]?.project_id, projects[0]?.project_id, null],
    );
    assert.deepEqual(entriesOf(await audit(env, '--json', '--limit', '2')), all.slice(0, 2));
  });

  it('filters by project, by the installation, and by time', async () => {
    const ids = async (...args: string[]) =>
      new Set(entriesOf(await audit(env, '--json', ...args)).map(({ project_id }) => project_id));
    const [{ project_id } = assert.fail()] = projects;
    assert.deepEqual(await ids('--project', project_id), new Set([project_id]));
    assert.deepEqual(await ids('--installation'), new Set([null]));
    assert.deepEqual(await ids('--installation', '--since', '90m'), new Set());
    assert.deepEqual(await ids('--installation', '--since', '3h'), new Set([null]));
    const [entry] = entriesOf(await audit(env, '--json', '--installation'));
    const at = Date.parse(entry?.at ?? '');
    const since = (instant: number) => ids('--installation', '--since', new Date(instant).toISOString());
    assert.deepEqual([await since(at), await since(at + 1)], [new Set([null]), new Set()]);
  });

  it('prints a line per entry and detail, in which no text can move the cursor', async () => {
    const { code, stdout } = await audit(env, '--installation');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^[\d-]{10} [\d:]{8}Z {2}secret\.rotated +installation\n +by cli\n +name: "before" → "evil/,
    );
    assert.ok(stdout.includes('evil\\u001b[2J\\u202e\\u009b'), JSON.stringify(stdout));
    assert.match((await audit(env, '--installation', '--since', '1m')).stdout, /^No matching entries/);
  });

  it('changes nothing in the folder', async () => {
    const file = join(config.dataDir, 'control.db');
    const before = readFileSync(file);
    await audit(env);
    assert.ok(before.equals(readFileSync(file)));
  });

  it('exits with 2 on a usage error, and creates no database', async () => {
    const wrong: [string[], RegExp][] = [
      [['--project', 'proj_x'], /There is no project proj_x/],
      [['--project', projects[0]?.project_id ?? '', '--installation'], /cannot be used with/],
      [['--since', 'yesterday'], /Must be 30m, 24h, 7d/],
      [['--since', '7'], /Must be 30m, 24h, 7d/],
      [['--limit', '0'], /from 1 to 10000/],
      [['--limit', '10001'], /from 1 to 10000/],
      [['--everything'], /unknown option/],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr, stdout } = await audit(env, ...args);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.match(stderr, message);
    }
    const empty = makeTempDir();
    const { code, stderr } = await audit({ APPFLOW_DATA_DIR: empty });
    assert.equal(code, 2);
    assert.match(stderr, /There is no project in /);
    assert.ok(!existsSync(join(empty, 'control.db')));
    const help = await audit(env, '--help');
    assert.equal(help.code, 0);
    assert.match(help.stdout, /appflow audit --installation --since 24h\n/);
    assert.equal((await audit(env, '--limit', '10000')).code, 0);
  });
});
