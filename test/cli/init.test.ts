import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Initialized } from '../../src/cli/init-text.ts';
import { VERSION } from '../../src/config/version.ts';
import { killAtExit } from '../support/adopt-child.ts';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeTempDir } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

const ROOT = join(import.meta.dirname, '../..');

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('init --json prints a single line with the ids and one key of each type', async () => {
  const args = 'init --project P --app iOS --platform ios --timezone Europe/Berlin --currency EUR --json';
  const { code, stdout, stderr } = await runCli(args.split(' '), { APPFLOW_DATA_DIR: makeTempDir() });
  assert.equal(code, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /^\{[^\n]*\}\n$/);
  const made = JSON.parse(stdout) as Initialized;
  const shapes = [/^proj_/, /^app_/, /^sk_/, /^ck_/, /^ro_/];
  assert.deepEqual(Object.keys(made), ['project_id', 'app_id', 'server_key', 'client_key', 'read_only_key']);
  for (const [index, value] of Object.values(made).entries()) assert.match(value, shapes[index] ?? /^$/);
});

test('init prints only its line on standard output, whatever the log level', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), LOG_LEVEL: 'trace' };
  const { stdout } = await runCli(['init', '--json'], env);
  assert.match(stdout, /^\{[^\n]*\}\n$/);
});

test('every init creates a new project', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir() };
  const [one, other] = [await initByCli(env), await initByCli(env)];
  assert.notEqual(one.project_id, other.project_id);
  assert.notEqual(one.app_id, other.app_id);
  assert.notEqual(one.server_key, other.server_key);
});

test('only the owner can read the secret that init creates', async () => {
  const dir = join(makeTempDir(), 'data');
  await initByCli({ APPFLOW_DATA_DIR: dir });
  assert.equal(modeOf(dir), '700');
  assert.equal(modeOf(join(dir, 'secrets')), '700');
  for (const file of readdirSync(join(dir, 'secrets')))
    assert.equal(modeOf(join(dir, 'secrets', file)), '600');
});

test('a server started after init, and restarted, knows what init created', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir() };
  const made = await initByCli(env);
  for (const _start of ['first', 'second']) {
    await using server = await startServerProcess(env);
    const { status, body } = await server.call('GET', `/v1/apps/${made.app_id}`, { key: made.server_key });
    assert.equal(status, 200);
    assert.equal(body.id, made.app_id);
    assert.equal(await server.stop(), 0);
  }
});

test('keys created by init while a server runs work with the next request', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir() };
  await using server = await startServerProcess(env);
  const made = await initByCli(env);
  const body = { events: [{ event_name: 'app_open', app_user_id: 'u_1' }] };
  const sent = await server.call('POST', '/v1/events', { key: made.client_key, body });
  assert.equal(sent.status, 200);
  assert.equal(sent.body.accepted, 1);
});

test('the three commands that init prints work as printed', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), PORT: String(await findFreePort()) };
  const { stdout } = await runCli(['init', '--project', "It's ours", '--app', 'Web'], env);
  assert.match(stdout, /It's ours/);
  assert.match(stdout, /shown once/);
  const commands = stdout.match(/^ *curl .*$/gm) ?? [];
  assert.equal(commands.length, 3);
  await using _server = await startServerProcess(env);
  for (const command of commands) {
    const { stdout: answer } = await promisify(execFile)('sh', [
      '-c',
      `${command.trim()} -sS --fail-with-body`,
    ]);
    assert.ok('data' in JSON.parse(answer) || JSON.parse(answer).accepted === 1, answer);
  }
});

test('init says which folder it used, and takes --data-dir before APPFLOW_DATA_DIR', async () => {
  const [wanted, other] = [join(makeTempDir(), "it's", 'data'), makeTempDir()];
  const { code, stdout } = await runCli(['init', '--data-dir', wanted], { APPFLOW_DATA_DIR: other });
  assert.equal(code, 0);
  assert.ok(stdout.startsWith(`Created project "My Project" in ${wanted}.\n`), stdout);
  assert.ok(existsSync(join(wanted, 'control.db')));
  assert.deepEqual(readdirSync(other), []);
  const empty = await runCli(['init', '--data-dir', ''], { APPFLOW_DATA_DIR: other });
  assert.deepEqual([empty.code, readdirSync(other)], [2, []]);
});

test('the init command that the server prints works as printed, in another terminal without its variables', async () => {
  const dataDir = join(makeTempDir(), 'its data');
  const main = join(ROOT, 'src/main.ts');
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error' };
  const child = spawn(process.execPath, [main], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'ignore'] });
  killAtExit(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const find = async (wanted: RegExp): Promise<string> => {
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      const [, found] = wanted.exec(line.value) ?? [];
      if (found !== undefined) return found;
    }
    return assert.fail(`There is no ${wanted}`);
  };
  const closed = once(child, 'close');
  try {
    const url = await find(/ready on (\S+)/);
    const command = await find(/Create one in another terminal: (bin\/appflow init .*)/);
    const options = { cwd: ROOT, env: { PATH, HOME } };
    const { stdout } = await promisify(execFile)('sh', ['-c', command], options);
    trackSecrets(stdout);
    assert.ok(stdout.startsWith(`Created project "My App" in ${dataDir}.\n`), stdout);
    const [curl = ''] = stdout.match(/^ *curl .*$/m) ?? [];
    assert.ok(curl.includes(`${url}/v1/events`), curl);
    const answer = await promisify(execFile)('sh', ['-c', `${curl.trim()} -sS --fail-with-body`]);
    assert.equal(JSON.parse(answer.stdout).accepted, 1);
  } finally {
    child.kill('SIGTERM');
    await closed;
  }
});

test('warns on standard error of a variable that is no setting, and works', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), APPFLOW_DATADIR: '/elsewhere' };
  const { code, stdout, stderr } = await runCli(['init', '--json'], env);
  assert.equal(code, 0);
  assert.match(stdout, /^\{[^\n]*\}\n$/);
  assert.equal(
    stderr,
    'Warning: APPFLOW_DATADIR is not a setting, so it is ignored. Did you mean APPFLOW_DATA_DIR?\n',
  );
});

test('the commands that init prints use the public URL if there is one', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), APPFLOW_PUBLIC_URL: 'https://appflow.example.com/' };
  const { stdout } = await runCli(['init'], env);
  assert.match(stdout, /curl -X POST https:\/\/appflow\.example\.com\/v1\/events /);
});

const MISTAKES: [string, string[], Record<string, string>, RegExp][] = [
  ['no command', [], {}, /Usage: appflow/],
  ['an unknown command', ['frobnicate'], {}, /unknown command 'frobnicate'/],
  ['an unknown option', ['init', '--colour', 'red'], {}, /unknown option '--colour'/],
  ['an unknown platform', ['init', '--platform', 'symbian'], {}, /ios, android, web, server, other/],
  ['an unknown time zone', ['init', '--timezone', 'Mars/Olympus'], {}, /Europe\/Berlin/],
  ['an unknown currency', ['init', '--currency', 'usd'], {}, /ISO 4217/],
  ['an empty name', ['init', '--project', ' '], {}, /1 to 100 characters/],
  ['a wrong configuration', ['init'], { PORT: '99999' }, /PORT is "99999"/],
];

for (const [what, args, env, message] of MISTAKES) {
  test(`exits with 2 and says what to write instead for ${what}`, async () => {
    const ended = await runCli(args, { APPFLOW_DATA_DIR: makeTempDir(), ...env });
    assert.equal(ended.code, 2);
    assert.equal(ended.stdout, '');
    assert.match(ended.stderr, message);
    assert.doesNotMatch(ended.stderr, /^\s+at /m);
  });
}

test('exits with 1 and a message without a stack if the data folder cannot be created', async () => {
  const ended = await runCli(['init', '--json'], { APPFLOW_DATA_DIR: '/dev/null/data' });
  assert.equal(ended.code, 1);
  assert.equal(ended.stdout, '');
  assert.match(ended.stderr, /^[^\n]*\/dev\/null\/data[^\n]*\n$/);
});

test('every command prints its help with --help and exits with 0', async () => {
  for (const args of [
    ['--help'],
    ['init', '--help'],
    ['serve', '--help'],
    ['import', '--help'],
    ['doctor', '--help'],
    ['keys', '--help'],
    ['keys', 'create', '--help'],
  ]) {
    const ended = await runCli(args, {});
    assert.equal(ended.code, 0);
    assert.match(ended.stdout, /^Usage: appflow/);
  }
});

test('--version prints the version', async () => {
  const ended = await runCli(['--version'], {});
  assert.deepEqual([ended.code, ended.stdout], [0, `${VERSION}\n`]);
});
