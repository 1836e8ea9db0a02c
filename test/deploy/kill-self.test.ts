import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from '../support/harness.ts';

const SCRIPT = `
import { embedded } from '${join(import.meta.dirname, '../../src/warehouse/engine/embedded.ts')}';
import { killSelf } from '${join(import.meta.dirname, '../../src/lib/kill-self.ts')}';
// The engine catches the signals that end a process.
const connection = await embedded(process.argv[1])();
await connection.command('SELECT 1');
setTimeout(() => process.exit(0), 5_000);
process.on('exit', () => console.log('it ran on'));
killSelf();
`;

/** Runs the script, as the first process of a PID namespace if `prefix` says so. */
function run(prefix: readonly string[] = []) {
  const [command = '', ...args] = [
    ...prefix,
    process.execPath,
    '--input-type=module',
    '-e',
    SCRIPT,
    makeTempDir(),
  ];
  return spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
}

const FIRST_OF_NAMESPACE = ['unshare', '--pid', '--fork', '--mount-proc'];
const canUnshare =
  spawnSync(FIRST_OF_NAMESPACE[0] ?? '', [...FIRST_OF_NAMESPACE.slice(1), 'true']).status === 0;

describe('killSelf', () => {
  it('ends a process by SIGKILL', () => {
    const { signal, stdout } = run();
    assert.deepEqual({ signal, stdout }, { signal: 'SIGKILL', stdout: '' });
  });

  it('ends the first process of a container, which is out of reach of its own SIGKILL', {
    skip: !canUnshare,
  }, () => {
    // unshare ends as its child did.
    const { signal, stdout } = run(FIRST_OF_NAMESPACE);
    assert.deepEqual({ signal, stdout }, { signal: 'SIGSEGV', stdout: '' });
  });
});
