import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { createSecret } from '../../src/directory/secret.ts';
import { cleanUp } from '../support/clean-up.ts';
import {
  attacker,
  bodyOf,
  github,
  HOOK,
  report,
  sendSigned,
  signedBy,
  writeKeysFile,
} from '../support/github-report.ts';
import { makeKey, startTestServer } from '../support/harness.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

// The limiter's clock moves only when a test moves it, so all counts are exact.
let nowUs = 1_000_000_000;
const env = {
  APPFLOW_GITHUB_SCANNING_KEYS_FILE: writeKeysFile(),
  TRUSTED_PROXIES: '127.0.0.1',
  APPFLOW_LIMIT_LEAK_HOOK: '',
  APPFLOW_LIMIT_FAILED_AUTH: '',
};
const api = await startTestServer(env, { nowUs: () => nowUs });
const codeOf = async (secret: string) =>
  (await api.call('GET', '/v1/api-keys/self', { key: secret })).body.code;
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

describe('validation of leak reports', () => {
  it('refuses one that is expensive to parse before it is, and takes a thousand tokens', async () => {
    const bytes = 1_048_576;
    const deep = '['.repeat(bytes / 2) + ']'.repeat(bytes / 2);
    const wide = `{"a":[${Array.from({ length: 300_000 }, () => '{}').join(',')}]}`;
    const names = `[{${Array.from({ length: 60_000 }, (_, index) => `"${index}":1`).join(',')}}]`;
    for (const body of [deep, wide, names]) {
      const { status } = await api.call('POST', HOOK, {
        body,
        headers: signedBy(attacker.privateKey, body),
      });
      assert.equal(status, 413);
    }
    const most = await report(api, ...Array.from({ length: 1_000 }, (_, index) => `token ${index}`));
    assert.deepEqual([most.status, most.body.length], [200, 1_000]);
  });

  it('accepts a report only with a GitHub signature of its exact bytes', async () => {
    const leaked = await makeKey(api, { type: 'server' });
    const body = bodyOf(leaked.key);
    const good = signedBy(github.privateKey, body);
    const { 'github-public-key-signature': signature, ...unsigned } = good;
    const { 'github-public-key-identifier': _id, ...unnamed } = good;
    for (const [headers, sent] of [
      [{}, body],
      [unsigned, body],
      [unnamed, body],
      [{ ...unsigned, 'github-public-key-signature': 'AAAA' }, body],
      [{ ...unsigned, 'github-public-key-signature': 'A'.repeat(96) }, body],
      [{ ...unsigned, 'github-public-key-signature': `x${signature}` }, body],
      [signedBy(attacker.privateKey, body), body],
      [signedBy(github.privateKey, body, 'k2'), body],
      [signedBy(github.privateKey, body, 'k'.repeat(128)), body],
      [good, `${body} `],
    ] as const) {
      const answer = await api.call('POST', HOOK, { body: sent, headers });
      assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_signature'], answer.text);
    }
    assert.equal(await codeOf(leaked.key), undefined);
    assert.equal((await api.call('POST', HOOK, { body, headers: good })).status, 200);
    assert.equal(await codeOf(leaked.key), 'api_key_revoked');
  });

  it('rejects a report with invalid headers before reading its body', async () => {
    const { 'github-public-key-signature': signature } = signedBy(github.privateKey, '[]');
    const both = (identifier: string, value: string) =>
      `Github-Public-Key-Identifier: ${identifier}\r\nGithub-Public-Key-Signature: ${value}\r\n`;
    for (const [headers, detail] of [
      ['', /Identifier is missing/],
      ['Github-Public-Key-Identifier: k1\r\n', /Signature is missing/],
      [both('k 1', signature), /Identifier is malformed/],
      [both('k'.repeat(129), signature), /Identifier is malformed/],
      [both('k1', 'no base64!'), /Signature is malformed/],
      [both('k1', 'A'.repeat(97)), /Signature is malformed/],
      [both('k1', 'A'.repeat(96)), /Signature is malformed/],
      [both('k1', `${signature.slice(0, -4)}AAAA`.slice(4)), /Signature is malformed/],
    ] as const) {
      // The announced body is never sent, so a server that waited for it would not answer.
      const head = `POST ${HOOK} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nConnection: close\r\n`;
      const { status, body } = parseAnswer(await sendRaw(api.url, `${head}${headers}\r\n`));
      assert.deepEqual([status, body.code], [401, 'invalid_signature'], headers);
      assert.match(body.detail, detail);
    }
  });

  it('rejects a signed report that is not a list of at most 1,000 entries', async () => {
    const listOf = (length: number) =>
      JSON.stringify(Array.from({ length }, () => ({ token: 'x', type: 'y' })));
    for (const [body, status] of [
      ['{', 400],
      ['{}', 422],
      ['[]', 200],
      [listOf(1_000), 200],
      [listOf(1_001), 422],
    ] as const) {
      const answer = await sendSigned(api, body);
      assert.equal(answer.status, status, answer.text);
    }
  });

  // Regression test: one entry that was too long caused a 422 for the whole report, so the real key in it stayed
  // active.
  it('processes every valid entry of a report, however malformed the others are', async () => {
    const leaked = await makeKey(api, { type: 'server' });
    const long = 'x'.repeat(100_000);
    const named = [
      { token: long, type: 'appflow_key' },
      { token: '', type: 'y'.repeat(10_000) },
      { token: '\u0000\ud800', type: 7 },
      { token: createSecret('server') },
      { token: leaked.key, type: 'appflow_key', url: 7 },
    ];
    const unnamed = [null, 7, 'text', [], {}, { token: null }, { token: 7 }, { token: [leaked.key] }];
    const { status, body, text } = await sendSigned(api, JSON.stringify([...unnamed, ...named]));
    assert.equal(status, 200, text);
    assert.deepEqual(
      body.map(({ label, token_type }: Record<string, string>) => [label, token_type]),
      [
        ['false_positive', 'appflow_key'],
        ['false_positive', 'y'.repeat(10_000)],
        ['false_positive', ''],
        ['false_positive', ''],
        ['true_positive', 'appflow_key'],
      ],
    );
    assert.deepEqual([body[0].token_hash, body[4].token_hash], [hashOf(long), hashOf(leaked.key)]);
    assert.equal(await codeOf(leaked.key), 'api_key_revoked');
  });

  it('accepts reports of at most a megabyte, with or without an announced length', async () => {
    for (const [bytes, status] of [
      [1_048_576, 200],
      [1_048_577, 413],
    ] as const) {
      const body = '[]'.padEnd(bytes);
      assert.equal((await sendSigned(api, body)).status, status);
      const chunks = new Blob([body]).stream();
      const headers = { ...signedBy(github.privateKey, body), 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: chunks, duplex: 'half' } as const;
      assert.equal((await fetch(api.url + HOOK, init)).status, status);
    }
  });
});

describe('the rate limit of leak reports', () => {
  const from = (address: string, body = '[]') =>
    api.call('POST', HOOK, { body, headers: { 'x-forwarded-for': address } });

  it('allows 60 reports per minute and address, whatever their outcome, independently of other addresses', async () => {
    for (let index = 0; index < 60; index += 1) {
      assert.equal((await from('203.0.113.1')).status, 401);
    }
    const denied = await from('203.0.113.1');
    assert.deepEqual([denied.status, denied.body.code], [429, 'rate_limited'], denied.text);
    assert.equal(denied.headers.get('retry-after'), '1');
    assert.equal((await from('203.0.113.2')).status, 401);
    nowUs += 1_000_000;
    assert.equal((await from('203.0.113.1')).status, 401);
    assert.equal((await from('203.0.113.1')).status, 429);
  });

  it('limits leak reports and unknown keys independently', async () => {
    const address = '203.0.113.3';
    const sendUnknownKey = () =>
      api.call('GET', '/v1/project', {
        key: createSecret('server'),
        headers: { 'x-forwarded-for': address },
      });
    for (let index = 0; index < 60; index += 1) await from(address);
    assert.equal((await from(address)).status, 429);
    for (let index = 0; index < 20; index += 1) assert.equal((await sendUnknownKey()).status, 401);
    assert.equal((await sendUnknownKey()).status, 429);
    nowUs += 1_000_000;
    assert.equal((await from(address)).status, 401);
  });
});

describe('leak reports while another process holds the write lock', () => {
  const other = new Database(join(api.config.dataDir, 'control.db'));
  cleanUp(() => other.close());

  // Regression test: scheduling a key for disabling did not wait for the lock and returned 503.
  for (const policy of ['revoke', 30] as const) {
    it(`waits for the write lock and accepts a report with the policy ${policy}`, async () => {
      const key = api.project.server_key;
      await api.call('PATCH', '/v1/project', { key, body: { leaked_key_policy: policy } });
      const keys = [await makeKey(api, { type: 'server' }), await makeKey(api, { type: 'client' })];
      other.exec('BEGIN IMMEDIATE');
      let isAnswered = false;
      const answering = report(api, ...keys.map((made) => made.key)).finally(() => {
        isAnswered = true;
      });
      await setTimeout(300);
      assert.equal(isAnswered, false);
      other.exec('COMMIT');
      const { status, text } = await answering;
      assert.equal(status, 200, text);
      const { n } = other
        .prepare('SELECT count(*) n FROM api_keys WHERE id IN (?, ?) AND leak_reported_at IS NOT NULL')
        .get(...keys.map(({ id }) => id)) as { n: number };
      assert.equal(n, 2);
      assert.equal(await codeOf(keys[0]?.key ?? ''), policy === 'revoke' ? 'api_key_revoked' : undefined);
    });
  }
});
