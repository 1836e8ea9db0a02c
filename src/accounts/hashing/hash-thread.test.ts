import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { scryptSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createHashThread } from './hash-thread.ts';
import { createPasswordHasher } from './password-hasher.ts';

const SOURCE = { password: 'a long password', salt: '00ff' };
const KEY = scryptSync(SOURCE.password, SOURCE.salt, 64, { N: 16_384, r: 16, p: 1, maxmem: 2 ** 26 });
/** A worker that runs this code instead of hashing. */
const workerOf = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

describe('the thread that hashes passwords', () => {
  it('derives the keys that better-auth stored', async () => {
    assert.equal(await createHashThread().derive(SOURCE), KEY.toString('hex'));
    const hasher = createPasswordHasher();
    const hash = `${SOURCE.salt}:${KEY.toString('hex')}`;
    assert.equal(await hasher.verify({ hash, password: SOURCE.password }), true);
    assert.equal(await hasher.verify({ hash, password: 'another' }), false);
    const own = await hasher.hash('ﬁ');
    assert.equal(await hasher.verify({ hash: own, password: 'fi' }), true, 'NFKC, as better-auth');
    await assert.rejects(hasher.verify({ hash: 'x', password: 'x' }), /unknown format/);
  });

  it('rejects when it ends, fails or takes too long, and starts again for the next key', async () => {
    for (const [code, message, deriveMsMax] of [
      ['process.exit(1)', /ended/, 60_000],
      ["throw new Error('no memory')", /no memory/, 60_000],
      ['setInterval(() => {}, 1_000)', /ended/, 500],
    ] as const) {
      const thread = createHashThread(workerOf(code), deriveMsMax);
      for (let round = 1; round <= 2; round += 1) await assert.rejects(thread.derive(SOURCE), message);
    }
  });

  it('does not keep the process alive, and is not started before the first key', async () => {
    const file = new URL('./hash-thread.ts', import.meta.url);
    const code = `
      import { createHashThread } from ${JSON.stringify(file.href)};
      const thread = createHashThread();
      const handles = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
      const before = handles();
      const key = await thread.derive({ password: 'x', salt: 'y' });
      console.log(before, key.length);`;
    const args = ['--input-type=module', '--eval', code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    assert.equal(stdout.trim(), '0 128');
  });
});
