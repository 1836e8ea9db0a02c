import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { killAtExit } from '../support/adopt-child.ts';
import { REPOSITORY, readRepositoryFile } from '../support/dockerfile.ts';
import { makeTempDir } from '../support/harness.ts';
import { listUnknownSettings } from '../support/setting-names.ts';
import { type Changes, testRules } from './rules.ts';

const UNIT = readRepositoryFile('deploy/appflow.service');

/** Returns the values of a setting of a unit, in order. */
const read = (unit: string, name: string): string[] =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);

const readVariables = (unit: string) =>
  Object.fromEntries(read(unit, 'Environment').map((pair) => pair.split('=')));

/** Runs systemd-analyze on the unit, with this checkout in place of `/opt/appflow`. */
function analyze(unit: string, args: readonly string[]) {
  const file = join(makeTempDir(), 'appflow.service');
  writeFileSync(file, unit.replaceAll('/opt/appflow', REPOSITORY));
  const { status, stderr } = spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' });
  return { status, findings: stderr.split('\n').filter((line) => line.includes('appflow.service')) };
}

/** Tenths of systemd's rating, from 0 to 100. */
const EXPOSURE_MAX = 20;

const RULES: Record<string, (unit: string) => boolean> = {
  'is valid': (unit) => {
    const { status, findings } = analyze(unit, ['verify']);
    return status === 0 && findings.length === 0;
  },
  'gives the service few rights': (unit) =>
    analyze(unit, ['security', '--offline=true', `--threshold=${EXPOSURE_MAX}`, '--no-pager']).status === 0,
  'starts it again after it has killed itself': (unit) =>
    read(unit, 'Restart').join() === 'always' && read(unit, 'StartLimitIntervalSec').join() === '0',
  'gives a clean stop the time it needs': (unit) => Number(read(unit, 'TimeoutStopSec')[0]) > 10,
  'allows many open files': (unit) => Number(read(unit, 'LimitNOFILE')[0]) >= 65_536,
  'keeps data in the state directory': (unit) =>
    `/var/lib/${read(unit, 'StateDirectory')[0]}` === readVariables(unit).APPFLOW_DATA_DIR,
  'sets variables that Appflow knows': (unit) =>
    listUnknownSettings(Object.keys(readVariables(unit))).length === 0,
};

const listBroken = (unit: string) => Object.keys(RULES).filter((name) => !RULES[name]?.(unit));

/** A change for each rule that breaks it. */
const CHANGES: Changes = {
  'is valid': ['RestartSec=1', 'RestartSec=soon'],
  'gives the service few rights': [
    /CapabilityBoundingSet=\n|ProtectSystem=strict\n|SystemCallFilter.*\n/g,
    '',
  ],
  'starts it again after it has killed itself': ['Restart=always', 'Restart=on-success'],
  'gives a clean stop the time it needs': ['TimeoutStopSec=15', 'TimeoutStopSec=10'],
  'allows many open files': ['LimitNOFILE=65536', 'LimitNOFILE=1024'],
  'keeps data in the state directory': ['StateDirectory=appflow', 'StateDirectory=data'],
  'sets variables that Appflow knows': ['Environment=APPFLOW_DATA_DIR', 'Environment=APPFLOW_DATA'],
};

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

/** Runs ExecStart of the unit with its variables, and its data folder elsewhere. */
function start(variables: Record<string, string> = {}) {
  const [program = '', ...args] = (read(UNIT, 'ExecStart')[0] ?? '')
    .replace('/opt/appflow', REPOSITORY)
    .split(' ');
  const env = {
    PATH: '/usr/bin:/bin',
    ...readVariables(UNIT),
    APPFLOW_DATA_DIR: makeTempDir(),
    PORT: '0',
    ...variables,
  };
  const child = spawn(program, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'ignore'] });
  killAtExit(child);
  return child;
}

describe('deploy/appflow.service', { skip: !hasSystemd }, () => {
  testRules(UNIT, RULES, CHANGES, listBroken);

  it('starts the server, and stops it by SIGTERM', async () => {
    const child = start();
    let output = '';
    for await (const chunk of child.stdout) {
      output += chunk;
      if (output.includes('Appflow is ready')) break;
    }
    assert.match(output, /Appflow is ready/);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  });

  it('does not start it again when a setting is wrong', async () => {
    const [status] = await once(start({ LOG_LEVEL: 'loud' }), 'exit');
    assert.deepEqual(read(UNIT, 'RestartPreventExitStatus'), [String(status)]);
  });
});
