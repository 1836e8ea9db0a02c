import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { KEY_TYPES } from '../../src/directory/scopes.ts';
import { createSecret } from '../../src/directory/secret.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/guides/authentication.md'), 'utf8');
const [, scanner = ''] = /^```python\n([\s\S]*?)^```$/m.exec(GUIDE) ?? [];
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Returns the same text with its last character changed: the checksum no longer matches. */
const mistype = (secret: string) => secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');

it('finds every planted key with the Python of the guide, and no mistyped one', { skip: !hasPython }, () => {
  const planted = [...KEY_TYPES, ...KEY_TYPES].map(createSecret);
  const [one = '', two = '', three = '', four = '', five = '', six = ''] = planted;
  const input = [
    `API_KEY=${one}`,
    JSON.stringify({ note: `first line\n${two}` }),
    `?q=%22${three}%22`,
    `"${four}"x`,
    `x${five}y`,
    `${six}`,
    mistype(one),
    mistype(two),
    three.slice(0, -1),
  ].join('\n');
  const { status, stdout, stderr } = spawnSync('python3', ['-c', scanner], { input, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n'), planted);
});
