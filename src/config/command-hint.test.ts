import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { commandHint } from './command-hint.ts';

test('leaves out the default data folder, however it is written', () => {
  for (const dataDir of ['./data', 'data', 'data/', resolve('data')])
    assert.equal(commandHint({ dataDir }, 'keys list'), 'bin/appflow keys list');
});

test('carries any other data folder as an absolute path that a shell reads back unchanged', () => {
  for (const dataDir of ['/var/lib/appflow', './data-demo', '/a b/c', "/it's/$HOME/`x`/*"]) {
    const hint = commandHint({ dataDir }, 'init');
    const [command, args = ''] = hint.split(/ (.*)/s);
    assert.equal(command, 'bin/appflow');
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${args}`], { encoding: 'utf8' });
    assert.deepEqual(words.split('\n'), ['init', '--data-dir', resolve(dataDir), '']);
  }
});
