import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createSecret, hintOf } from '../../src/directory/secret.ts';
import { checkAnswer, findSecrets, requireNoSecrets, trackSecrets } from './minted-secrets.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/leaking-server.ts');

function runFixture(env: Record<string, string>) {
  // Without the environment of this process: otherwise Node would treat the run as part of the current test run.
  const own = { PATH: process.env.PATH, UV_THREADPOOL_SIZE: '8', ...env };
  const { status, stdout } = spawnSync(process.execPath, ['--test', FIXTURE], { env: own, encoding: 'utf8' });
  return { status, stdout };
}

describe('the check for leaked secrets at the end of a test file', () => {
  it('fails if a server leaked keys, and names each file with only the hint of the key', () => {
    const { status, stdout } = runFixture({ LEAKING: 'yes' });
    assert.equal(status, 1, stdout);
    assert.match(stdout, /The file \S+\/forgotten\/whole holds sk_af1_\w{4}…\w{4}\./);
    assert.match(stdout, /The file \S+\/forgotten\/random-part holds sk_af1_\w{4}…\w{4}\./);
    assert.match(stdout, /The name of \S+\/ck_af1_\w{4}…\w{4}\.json holds ck_af1_\w{4}…\w{4}\./);
    assert.doesNotMatch(stdout, /almost|[0-9A-Za-z]{42}/);
  });

  it('passes if no key was leaked, even if most of one was', () => {
    const { status, stdout } = runFixture({});
    assert.equal(status, 0, stdout);
  });
});

describe('remembered keys', () => {
  const secret = createSecret('server');
  trackSecrets(`{"key":"${secret}"}`);

  it('finds a remembered key whole or by its random part, at any position, but not in part', () => {
    const random = secret.slice(7, 50);
    const hint = hintOf(secret);
    for (const text of [secret, random, `x${random}`, `${random}x`, `\\n${secret}\\n`, `"${secret}"`]) {
      assert.deepEqual(findSecrets(text), [hint], text.replace(random, '…'));
    }
    for (const text of ['', random.slice(1), random.slice(0, -1), createSecret('server'), hint]) {
      assert.deepEqual(findSecrets(text), []);
    }
  });

  it('reports a key found in a text by its hint', () => {
    assert.throws(
      () => requireNoSecrets('/metrics', `keys{id="${secret}"} 1`),
      (error: Error) => {
        assert.ok(error.message.includes(`/metrics holds ${hintOf(secret)}.`));
        assert.ok(!JSON.stringify({ ...error, message: error.message }).includes(secret.slice(7, 50)));
        return true;
      },
    );
  });
});

describe('the check of API responses', () => {
  const answerOf = (body: unknown, headers: Record<string, string> = {}) => ({
    headers: new Headers(headers),
    text: JSON.stringify(body),
    body,
  });

  it('accepts a key in the response that created, rotated or replayed it', () => {
    for (const path of ['/v1/api-keys', '/v1/api-keys/key_1/rotate', '/app/v1/projects/proj_1/api-keys']) {
      const key = createSecret('client');
      checkAnswer('POST', path, answerOf({ id: 'key_1', key }));
      checkAnswer('POST', path, answerOf({ id: 'key_1', key }));
      assert.deepEqual(findSecrets(key), [hintOf(key)]);
    }
  });

  it('rejects a key anywhere else: in another field, a header or another response', () => {
    const key = createSecret('server');
    const path = '/v1/api-keys';
    checkAnswer('POST', path, answerOf({ key }));
    const leaked = /holds sk_af1_\w{4}…\w{4}\./;
    assert.throws(() => checkAnswer('POST', path, answerOf({ key, name: key })), leaked);
    assert.throws(() => checkAnswer('POST', path, answerOf({ key }, { location: key })), leaked);
    assert.throws(() => checkAnswer('POST', '/v1/apps', answerOf({ key })), leaked);
    assert.throws(() => checkAnswer('GET', path, answerOf({ data: [{ key }] })), leaked);
    assert.throws(() => checkAnswer('GET', `/v1/apps?x=${key}`, answerOf({ detail: key })), leaked);
  });
});
